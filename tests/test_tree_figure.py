"""The drawing of search trees: what moves with k and what does not, and that text is only ever text."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.drawing.escaping import for_markdown, for_plotly, one_line, truncated
from analyses.drawing.palette import CELLS, DARK, LIGHT, contrast
from analyses.drawing.tree.difference import drawn_difference
from analyses.drawing.tree.figure import Reading, description, tree_figure, tree_layout
from analyses.drawing.tree.paths import Paths
from analyses.drawing.tree.scene import WRITTEN_FROM
from analyses.drawing.value_curves import value_curves
from analyses.drawing.values_beside_control import values_beside_control
from analyses.readings.masses import ValuesAt
from analyses.readings.values import node_values
from analyses.report import export
from coconut_core.encoding import Encoder
from coconut_core.problems.graph import frontier
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.prosqa.problem import ProsqaProblem

TEXT = (
    "Tom is a terpus. Tom is a dumpus. Every terpus is a brimpus. Every terpus is a lorpus. Every dumpus is "
    "a terpus. Every brimpus is a lempus. Every rempus is a scrompus. Is Tom a lempus or scrompus?"
)


@pytest.fixture(scope="module")
def problem():
    return ProsqaProblem.from_text(TEXT)


def values(problem, **named):
    found = np.zeros(len(problem.names) + 2)
    found[len(problem.names) :] = np.nan  # beyond the problem's own nodes
    for name, value in named.items():
        found[problem.names.index(name)] = value
    return found


def read(k):
    return Reading("some model", k, "Every")


def at(problem, value, k, off_graph=np.nan):
    """Values with their masses, of names that share no tokens."""
    own = value[: len(problem.names)]
    mass = own[list(problem.candidates(k))].sum()
    return ValuesAt(own, float(mass), float(own.sum() - mass), off_graph)


def draw(problem, value, reading, off_graph=np.nan, **look):
    return tree_figure(problem, at(problem, value, reading.k, off_graph), reading, **look)


def trace(figure, name):
    (found,) = [t for t in figure.data if t.name == name and not t.showlegend]
    return found


def by_name(problem, layout, column):
    return {problem.names[node]: entry for node, entry in zip(layout.nodes, column, strict=True)}


def test_moving_k_moves_nothing(problem):
    figures = [draw(problem, values(problem, terpus=0.1 * k, lempus=0.05 * k), read(k)) for k in range(7)]
    for name in ("nodes", "values", "names", "written values", "tree edges", "other edges", "marks"):
        for figure in figures[1:]:
            assert trace(figure, name).x == trace(figures[0], name).x, name
            assert trace(figure, name).y == trace(figures[0], name).y, name
    assert len({figure.layout.height for figure in figures}) == 1
    assert len({figure.layout.yaxis.range for figure in figures}) == 1
    assert len({str(trace(figure, "values").marker.color) for figure in figures}) == 7


def test_disc_is_the_value_on_a_fixed_scale(problem):
    layout = tree_layout(problem)
    figure = draw(problem, values(problem, terpus=0.64, dumpus=0.16), read(1), layout=layout)
    marker = trace(figure, "values").marker
    assert (marker.cmin, marker.cmax) == (0, 1)
    colour, size = (by_name(problem, layout, column) for column in (marker.color, marker.size))
    assert colour["terpus"] == 0.64 and size["terpus"] == pytest.approx(2 * size["dumpus"])
    assert size["lempus"] == 0
    assert "p(name)" in marker.colorbar.title.text and "Every" in marker.colorbar.title.text


def test_values_are_written_from_a_threshold_on(problem):
    layout = tree_layout(problem)
    drawn = values(problem, terpus=0.874, dumpus=WRITTEN_FROM, lorpus=WRITTEN_FROM - 0.001, lempus=1.0)
    written = by_name(
        problem,
        layout,
        trace(draw(problem, drawn, read(1), layout=layout), "written values").text,
    )
    assert written["terpus"] == ".87" and written["dumpus"] == ".05"
    assert written["lorpus"] == "" and written["lempus"] == "1.0"


@pytest.mark.parametrize("k", range(7))
def test_outlines_distinguish_candidates_from_earlier_and_later_nodes(problem, k):
    layout = tree_layout(problem)
    line = trace(draw(problem, values(problem), read(k), layout=layout), "nodes").marker.line
    dash, width = by_name(problem, layout, line.dash), by_name(problem, layout, line.width)
    candidates = {problem.names[node] for node in frontier(problem.graph, problem.root, k)}
    strong = {name for name in width if width[name] > 2}
    assert strong == candidates
    assert dash["scrompus"] == "dot"  # never reached
    assert dash["Tom"] == "solid"
    assert (dash["lempus"] == "solid") == (k >= 3)


def test_target_and_distractor_differ_in_more_than_colour(problem):
    figure = draw(problem, values(problem), read(1))
    target, distractor = (trace(figure, name).marker for name in ("target", "distractor"))
    assert target.symbol != distractor.symbol
    assert target.line.dash != distractor.line.dash
    assert target.line.color != distractor.line.color
    assert trace(figure, "marks").text == ("target", "distractor")
    layout = tree_layout(problem)
    assert layout.apart == (problem.distractor,)


def test_an_unreachable_target_stands_apart_too():
    problem = ProsqaProblem.from_text(TEXT)
    record = problem.to_json() | {"target": problem.distractor, "neg_target": problem.names.index("rempus")}
    moved = ProsqaProblem.from_json(record)
    layout = tree_layout(moved)
    assert set(layout.apart) == {moved.target, moved.distractor}
    assert draw(moved, values(moved), read(2), paths=Paths(correct=True)).data


def test_the_path_is_traced_on_demand(problem):
    assert not [t for t in draw(problem, values(problem), read(1)).data if t.name == "path"]
    layout = tree_layout(problem)
    path = trace(draw(problem, values(problem), read(1), paths=Paths(correct=True)), "path")
    steps = sum(x is None for x in path.x)
    assert steps == problem.hops == 3
    assert path.x[0] == layout.x[problem.root]


def test_a_chosen_path_stands_beside_the_correct_one(problem):
    to = problem.names.index("brimpus")
    figure = draw(problem, values(problem), read(1), paths=Paths(correct=True, to=to))
    correct, chosen = trace(figure, "path"), trace(figure, "path to a node")
    assert sum(x is None for x in correct.x) == 3 and sum(x is None for x in chosen.x) == 2
    assert correct.line.color != chosen.line.color and correct.line.width > chosen.line.width
    assert {"correct path", "path to brimpus"} <= {t.name for t in figure.data if t.showlegend}


def test_written_steps_are_drawn_and_invented_ones_bear_their_names(problem):
    layout, place = tree_layout(problem), problem.names.index
    written = (("Tom", "dumpus"), ("dumpus", "lempus"), ("lempus", "<b>zonkus</b>"))
    figure = draw(problem, values(problem), read(1), paths=Paths(written=written), layout=layout)
    real = trace(figure, "written steps")
    assert sum(x is None for x in real.x) == 1 and real.x[0] == layout.x[problem.root]
    invented = [t for t in figure.data if t.name == "invented step" and not t.showlegend]
    assert len(invented) == 2 and all("px" in t.line.dash for t in invented)
    # From seat to seat where both are drawn; a name that is not drawn has a stub.
    between = sorted((layout.x[place("dumpus")], layout.x[place("lempus")]))
    assert all(between[0] <= x <= between[1] for x in invented[0].x)
    names = [note.text for note in figure.layout.annotations]
    assert "dumpus → lempus" in names and "lempus → &lt;b&gt;zonkus&lt;/b&gt;" in names
    assert not [t for t in draw(problem, values(problem), read(1)).data if t.name in ("written steps", "invented step")]


def test_hover_gives_value_rank_heights_and_reach(problem):
    layout = tree_layout(problem)
    figure = draw(problem, values(problem, terpus=0.25, dumpus=0.5), read(1), layout=layout)
    nodes = trace(figure, "nodes")
    assert [node for (node,) in nodes.customdata] == list(layout.nodes)
    hover = by_name(problem, layout, nodes.hovertext)
    assert "value 0.25" in hover["terpus"] and "rank 2 of 2" in hover["terpus"]
    assert "height 1 (shortest), 2 (longest)" in hover["terpus"]
    assert "reaches the target: yes, on a shortest path" in hover["terpus"]
    assert "rank 1 of 2" in hover["dumpus"] and "not a candidate" in hover["lempus"]
    assert "not reachable" in hover["scrompus"] and "reaches the target: no" in hover["scrompus"]


def test_title_gives_model_k_masses_and_warns_of_low_mass(problem):
    low = draw(problem, values(problem, terpus=0.2, lempus=0.1), read(1), off_graph=0.7).layout.title
    assert "k = 1" in low.text and "lempus or scrompus" in low.text
    for part in ("some model", "2 candidates with mass 0.20 (low)", "other nodes 0.10", "other words 0.70"):
        assert part in low.subtitle.text
    high = draw(problem, values(problem, terpus=0.9), read(1)).layout.title
    assert "(low)" not in high.subtitle.text and "other words" not in high.subtitle.text


def test_the_masses_are_those_of_the_values_where_names_nest(split_names_model, monkeypatch):
    """All of the probability of "lem pus" is part of that of "lem": a sum of the drawn values would count it twice."""
    text = "Tom is a lempus. Every lempus is a lem. Every lem is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?"
    problem, model = ProsqaProblem.from_text(text), split_names_model
    pieces, plain = Encoder(model.tokenizer).texts(["lempus"])[0], model.logits
    favoured = torch.zeros(len(model.tokenizer)).index_fill(0, torch.tensor(pieces), 6.0).double()
    # A random model gives the names too little for two decimals.
    monkeypatch.setattr(model, "logits", lambda hidden: 0.1 * plain(hidden) + favoured)
    read_once = node_values(model, [problem], ks=range(3))
    for k in range(3):
        at_k = read_once.at(0, k)
        assert at_k.value.sum() - (at_k.candidate_mass + at_k.other_mass) > 0.05  # what a sum would count twice
        subtitle = tree_figure(problem, at_k, read(k)).layout.title.subtitle.text
        assert f"1 candidate with mass {at_k.candidate_mass:.2f}" in subtitle
        assert f"other nodes {at_k.other_mass:.2f}, other words {at_k.off_graph:.2f}" in subtitle
        assert f"candidate mass {at_k.candidate_mass:.2f}" in description(problem, at_k, read(k))


def test_the_legend_explains_and_hides_nothing(problem):
    figure = draw(problem, values(problem), read(1), paths=Paths(correct=True))
    entries = {t.name for t in figure.data if t.showlegend}
    assert entries == {
        *("candidate", "reached", "not reached"),
        *("target", "distractor", "tree edge", "other edge", "correct path"),
    }
    assert figure.layout.legend.itemclick is False and figure.layout.legend.itemdoubleclick is False
    assert figure.layout.legend.yref == "container"  # below the picture, in its margin


def test_markup_in_names_is_text():
    names = ("<b>Tom</b>", "<a_href='x'>", "${alert(1)}$", "%{x}", "&lt;b&gt;")
    edges = [(0, 1), (1, 2), (3, 4)]
    problem = ProsqaProblem.from_graph(names, edges, 0, 2, 4)
    figure = draw(problem, np.full(5, 0.1), read(1))
    texts = [*trace(figure, "names").text, *trace(figure, "nodes").hovertext, figure.layout.title.text]
    for text in texts:
        bare = text.replace("<b>", "").replace("</b>", "").replace("<br>", "")
        assert "<" not in bare and "$" not in bare
    assert "&lt;b&gt;Tom&lt;/b&gt;" in figure.layout.title.text
    assert any("&amp;lt;b&amp;gt;" in text for text in trace(figure, "nodes").hovertext)
    assert trace(figure, "nodes").hovertemplate == "%{hovertext}<extra></extra>"


@given(st.text(max_size=80))
def test_escaped_text_has_no_markup_left(text):
    escaped = for_plotly(text)
    assert not set("<>$\n") & set(escaped)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&#36;", "$"), ("&amp;", "&")):
        escaped = escaped.replace(entity, character)
    assert escaped == one_line(text)


def test_markdown_is_escaped_and_names_are_truncated():
    assert for_markdown("**a** :red[b] $x$ <i>\n# c") == r"\*\*a\*\* \:red\[b\] \$x\$ \<i\> \# c"
    assert one_line("a\u202eb\x00c\n\td") == "a b c d"
    assert truncated("abcdef", 4) == "abc…" and truncated("abcd", 4) == "abcd"


def test_long_names_are_cut_to_their_place():
    names = ("Tom", *(f"{i}{'x' * 40}" for i in range(16)), "distractor")
    edges = [(0, node) for node in range(1, 17)]
    problem = ProsqaProblem.from_graph(names, edges, 0, 1, 17)
    layout = tree_layout(problem)
    texts = by_name(problem, layout, trace(draw(problem, np.zeros(len(problem.names)), read(1)), "names").text)
    assert layout.crowded
    for node in layout.rows[1]:
        bare = texts[names[node]].removeprefix("<b>").removesuffix("</b>")
        assert len(bare) * 7 <= 2 * layout.slot and bare.endswith("…")


def test_colours_can_be_read_and_distinguished():
    for palette in (LIGHT, DARK):
        for colour in (palette.ink, palette.muted, palette.target, palette.distractor, palette.control):
            assert contrast(colour, palette.paper) >= 4.5
        assert contrast(palette.ink, palette.band) >= 4.5 and contrast(palette.muted, palette.band) >= 4.5
        for cell in CELLS if palette is LIGHT else CELLS.values():
            assert contrast(palette.ink, cell) >= 4.5
        away = [contrast(colour, palette.paper) for colour in palette.scale]
        assert away == sorted(away)  # a greater value is further from the paper, in grey print too
        assert away[-1] > 7


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 6), st.booleans(), st.booleans(), st.lists(st.integers(0, 1000), min_size=8, max_size=8))
def test_any_values_can_be_drawn(k, dark, path, drawn):
    problem = ProsqaProblem.from_text(TEXT)
    drawn = np.array(drawn) / 1000
    figure = draw(problem, drawn, read(k), dark=dark, paths=Paths(correct=path))
    assert figure.layout.paper_bgcolor == (DARK if dark else LIGHT).paper
    assert "\x00" not in description(problem, at(problem, drawn, k), read(k))


def test_description_gives_the_highest_candidates(problem):
    words = description(problem, at(problem, values(problem, terpus=0.25, dumpus=0.5, lempus=0.1), 1), read(1))
    assert "target lempus" in words and "dumpus 0.50, terpus 0.25" in words and "mass 0.75" in words


def test_values_beside_control_shows_candidates_first_and_both_values(problem):
    figure = values_beside_control(
        problem,
        values(problem, terpus=0.2, lempus=0.6),
        values(problem, dumpus=0.9, scrompus=0.01),
        read(1),
        Reading("some model", 0, "Tom is a"),
    )
    labels = figure.layout.yaxis.ticktext
    assert [label.strip("<b>✓· /") for label in labels] == ["terpus", "dumpus", "lempus"]
    thoughts = [t for t in figure.data if t.meta == "values"][0]
    control = [t for t in figure.data if t.meta == "control"][0]
    assert thoughts.x == (0.2, 0, 0.6) and control.x == (0, 0.9, 0)
    assert "no thought" in control.name and "Tom is a" in control.name
    assert thoughts.marker.symbol != control.marker.symbol


def test_exports(problem, monkeypatch):
    import io

    import pandas as pd

    frame = pd.DataFrame({"name": ["a,b", "ü"], "value": [1 / 3, 1e-17]})
    back = pd.read_csv(io.BytesIO(export.csv(frame)))
    assert back.equals(frame)
    figure = draw(problem, values(problem), read(1))
    page = export.html(figure)
    assert b"cdn.plot.ly" not in page.split(b"<script")[1] and len(page) > 1_000_000
    if export.image_fault():
        pytest.skip(export.image_fault())
    assert export.image(figure, "png").startswith(b"\x89PNG")
    svg = export.image(figure, "svg")
    assert svg.startswith(b"<svg") and b"terpus" in svg


def test_pictures_of_two_threads_do_not_mix():
    import threading

    import plotly.graph_objects as go

    if export.image_fault():
        pytest.skip(export.image_fault())
    found = {}

    def draw(word):
        with export.one_browser():
            found[word] = [export.image(go.Figure(layout={"title": {"text": word}}), "svg") for _ in range(3)]

    threads = [threading.Thread(target=draw, args=(word,), daemon=True) for word in ("apple", "pear")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert set(found) == {"apple", "pear"}
    assert all(word.encode() in picture for word, pictures in found.items() for picture in pictures)


def test_without_a_browser_images_say_what_to_do(problem, monkeypatch):
    from coconut_core.errors import InputError

    monkeypatch.setattr(export, "image_fault", lambda: "PNG and SVG need Chrome.")
    with pytest.raises(InputError, match="need Chrome"):
        export.image(draw(problem, values(problem), read(1)), "png")


@pytest.fixture
def one_way():
    """A problem of no task in particular: no distractor, no choice, and markup in its question."""
    return GraphProblem(
        question="A leads to B. B leads to <b>C</b>. Where does <i>A</i> lead, and at what price in $x$?",
        answer="<b>C</b>",
        steps=(),
        names=("A", "B", "<b>C</b>"),
        edges=((0, 1), (1, 2)),
        root=0,
        target=2,
        distractor=None,
    )


def test_a_problem_without_distractor_has_a_target_alone(one_way):
    figure = draw(one_way, np.array([0.0, 0.25, 0.5]), read(1), paths=Paths(correct=True))
    assert trace(figure, "marks").text == ("target",)
    assert "distractor" not in {t.name for t in figure.data} and "target" in {t.name for t in figure.data}
    words = description(one_way, at(one_way, np.array([0.0, 0.25, 0.5]), 1), read(1))
    assert "target <b>C</b>;" in words and "distractor" not in words


def test_a_question_in_the_title_is_text_and_has_room(one_way):
    title = draw(one_way, np.zeros(3), read(1)).layout.title.text
    assert title == "<b>Where does &lt;i&gt;A&lt;/i&gt; lead, and at what price in &#36;x&#36;?</b>  k = 1 (1 thought)"
    long = draw(replace(one_way, question="word " * 100), np.zeros(3), read(1)).layout.title.text
    assert len(long) < 140 and "word…</b>" in long.replace(" …", "…")


def test_values_of_a_problem_without_distractor_are_drawn_beside_each_other(one_way):
    by_k = np.array([[0, 0.9, 0], [0, 0.2, 0.7], [0, 0, 1.0]])
    curves = value_curves(one_way, by_k, 1)
    assert [line.name for line in curves.data] == ["&lt;b&gt;C&lt;/b&gt;", "B"]
    assert curves.data[0].marker.symbol == ("circle-open", "circle-open", "circle")
    beside = values_beside_control(one_way, by_k[1], by_k[0], read(1), read(0))
    assert beside.layout.yaxis.ticktext == ("<b>B</b> ✓", "&lt;b&gt;C&lt;/b&gt; ✓")


class TwoByTwo(GraphProblem):
    """Its steps take two thoughts each: rows 1 and 3 are empty."""

    @property
    def depth(self):
        return {node: 2 * row for node, row in super().depth.items()}

    def candidates(self, k):
        return frozenset(node for node, row in self.depth.items() if row == k)


def test_rows_are_the_depth_of_the_problem_and_may_be_empty(one_way):
    problem = TwoByTwo(**{field.name: getattr(one_way, field.name) for field in fields(one_way)})
    figure = draw(problem, np.array([0, 0.5, 0.25]), read(2), paths=Paths(correct=True))
    layout = tree_layout(problem)
    assert layout.rows == ((0,), (), (1,), (), (2,))
    assert [row.text for row in figure.layout.annotations] == ["start", "<b>2 steps</b>", "4 steps"]
    assert "1 candidate with mass 0.50" in figure.layout.title.subtitle.text
    assert sum(x is None for x in trace(figure, "path").x) == 2


def test_a_difference_shows_what_rose_and_what_fell(problem):
    old, new = values(problem, terpus=0.53), values(problem, terpus=0.08, dumpus=0.4)
    layout = tree_layout(problem)
    drawn = drawn_difference(
        problem, at(problem, old, 1), at(problem, new, 1), read(1), layout=layout, paths=Paths(), written_from=0.05
    )
    marks = {trace["name"]: trace for trace in drawn["data"]}
    change = dict(zip((problem.names[node] for node in layout.nodes), marks["values"]["marker"]["color"], strict=True))
    assert change["terpus"] == pytest.approx(-0.45) and change["dumpus"] == pytest.approx(0.4)
    assert ".53 → .08" in marks["written values"]["text"] and marks["values"]["marker"]["cmin"] == -1
    assert sum(map(bool, marks["written values"]["text"])) == 2


def test_every_edge_says_which_it_is(problem):
    figure = draw(problem, np.zeros(len(problem.names)), read(1))
    named = {tuple(edge) for kind in ("tree", "other") for edge in trace(figure, f"{kind} edges").customdata if edge}
    assert named == {(a, b) for a, b in problem.edges if {a, b} <= set(tree_layout(problem).depth)}
    for kind in ("tree", "other"):
        edges = trace(figure, f"{kind} edges")
        assert len(edges.customdata) == len(edges.x)
