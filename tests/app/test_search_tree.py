"""The search tree's page without a browser: what it shows, what its link holds."""

import shutil

import pytest

from analyses.drawing.escaping import for_markdown
from analyses.readings.reasoning_process import reasoning_process
from coconut_core.checkpoints import load_model
from coconut_core.generation import answers
from coconut_core.problems.registry import load_problems
from tests.app.conftest import figure, shown, tree, values
from workbench.choices.problem_sources import index_of_good_example
from workbench.widgets.answer import WAYS


def test_a_tree_is_shown_at_once(app, problems):
    first = problems[index_of_good_example(problems[:3])]
    test = app()
    assert not test.exception and not test.error
    assert len(tree(test)["nodes"]["customdata"]) >= 4
    assert f"Is {first.root_name}" in figure(test)["layout"]["title"]["text"]
    assert "Values as CSV" in [button.label for button in test.get("download_button")]
    assert test.dataframe[0].value.name.nunique() == len(first.names)


def test_moving_k_changes_values_and_moves_nothing(app):
    test = app()
    before = tree(test)
    test.slider(key="k").set_value(3).run()
    after = tree(test)
    assert not test.exception
    for name in before:
        assert (before[name]["x"], before[name]["y"]) == (after[name]["x"], after[name]["y"])
    assert before["values"]["marker"]["color"] != after["values"]["marker"]["color"]
    assert "k = 3" in figure(test)["layout"]["title"]["text"]


def test_values_and_answer_are_those_of_the_model(app, shelf, problems):
    from analyses.readings.values import node_values
    from coconut_core.checkpoints import load_model
    from coconut_core.generation import answers

    model = load_model(shelf / "models" / "tiny").model
    problem = problems[1]
    read = node_values(model, [problem])
    said = answers(model, [problem], ks=range(7))
    test = app(k="2")
    test.selectbox(key="problem").select_index(1).run()
    nodes = [node for (node,) in tree(test)["nodes"]["customdata"]]
    assert values(test) == pytest.approx([read.value[0, 2, node] for node in nodes], abs=1e-6)
    words = next(text.value for text in test.markdown if "the model says" in text.value)
    assert for_markdown(said.text[0][2][:40]) in words
    assert ("right" in words) == bool(said.correct[0, 2])
    table = test.dataframe[0].value.set_index("node")
    assert table.value.to_dict() == pytest.approx({n: read.value[0, 2, n] for n in table.index})
    assert table.no_thought.to_dict() == pytest.approx({n: read.value[0, 0, n] for n in table.index})


def test_the_control_can_force_either_opening(app):
    entity, every = app(k="0"), app(k="0", opening="Every")
    assert values(entity) != values(every)
    assert "“Every”" in tree(every)["values"]["marker"]["colorbar"]["title"]["text"]
    assert " is a”" in tree(entity)["values"]["marker"]["colorbar"]["title"]["text"]
    assert values(app(k="3")) == values(app(k="3", opening="Every"))
    curves = [
        {line["name"]: line["y"] for line in figure(test, 2)["data"] if line.get("y")} for test in (entity, every)
    ]
    shared = curves[0].keys() & curves[1].keys()
    assert any(curves[0][name][0] != curves[1][name][0] for name in shared)
    assert all(curves[0][name][1:] == curves[1][name][1:] for name in shared)


def test_low_candidate_mass_is_a_warning(app):
    test = app(k="1")  # an untrained model spreads its probability over all words
    assert "Low candidate mass" in test.warning[0].value


def test_beyond_the_last_row_there_are_no_candidates_and_no_warning(app):
    test = app(k="6")
    assert not test.warning and "no candidates" in test.info[0].value
    assert "no candidates" in figure(test)["layout"]["title"]["subtitle"]["text"]


def test_a_link_brings_the_view_back(app):
    test = app()
    test.slider(key="k").set_value(5).run()
    test.toggle(key="path").set_value(True).run()
    test.selectbox(key="problem").select_index(2).run()
    again = app(k="5", path="true", problem=test.selectbox(key="problem").value)
    assert again.slider(key="k").value == 5 and again.toggle(key="path").value
    assert figure(again) == figure(test)


def test_a_link_may_hold_the_number_of_a_problem(app):
    test = app(problem="2")
    assert test.selectbox(key="problem").value.startswith("2 ·") and "is shown instead" not in shown(test)


@pytest.mark.parametrize(("key", "asked"), [("problem", "nonsense"), ("set", "nowhere"), ("to", "nobody")])
def test_what_a_link_asks_for_and_is_not_there_is_said(app, key, asked):
    test = app(**{key: asked})
    said = [each.value for each in test.warning if asked in each.value]
    assert not test.exception and len(said) == 1 and "is shown instead" in said[0]
    test.run()  # the link has had its say
    assert not [each for each in test.warning if asked in each.value]


@pytest.mark.parametrize(
    "link",
    [{"k": "99"}, {"k": "x"}, {"source": "?"}, {"problem": "0"}, {"opening": "<b>"}],
)
def test_invalid_values_in_a_link_are_ignored(app, link):
    test = app(**link)
    assert not test.exception and not test.error and tree(test)
    assert test.slider(key="k").value == 1


def test_the_first_problem_shows_a_search(official_prosqa):
    problems = load_problems(official_prosqa)
    first = problems[index_of_good_example(problems)]
    widths = [len(first.candidates(k)) for k in (1, 2)]
    assert 3 <= widths[0] < widths[1]
    assert index_of_good_example([]) == 0


def test_a_clicked_node_shows_its_path_and_values_are_drawn_by_k(app, problems):
    first = problems[index_of_good_example(problems[:3])]
    test = app(k=1)
    assert any("Click a node" in element.value for element in test.caption)
    test.selectbox(key="to").select(first.target_name).run()
    assert not test.exception
    words = " ".join(element.value for element in test.markdown)
    assert first.root_name in words and f"→ {first.target_name}" in words
    assert any(trace["name"] == f"path to {first.target_name}" for trace in figure(test)["data"])
    curves = figure(test, 2)["data"]
    assert {first.target_name, first.distractor_name} <= {trace["name"] for trace in curves}
    assert len(curves[0]["x"]) == 7
    # The path stays while k moves, and goes with its problem.
    test.slider(key="k").set_value(2).run()
    assert any(trace["name"] == f"path to {first.target_name}" for trace in figure(test)["data"])
    chosen = test.selectbox(key="problem")
    chosen.select(next(label for label in chosen.options if label != chosen.value)).run()
    assert not test.exception and not any(t["name"].startswith("path to") for t in figure(test)["data"])


def test_the_steps_that_the_model_wrote_are_drawn(app, problems, monkeypatch):
    first = problems[index_of_good_example(problems[:3])]
    parent, child = (first.names[node] for node in first.path[:2])
    text = f"Every {parent} is a {child}. Every {child} is a nowhere. ### {first.answer}"
    monkeypatch.setattr("workbench.widgets.tree.Side.text", lambda side, k: text)
    test = app(k=2)
    lines = {trace["name"] for trace in figure(test)["data"] if not trace.get("showlegend")}
    assert {"written steps", "invented step"} <= lines
    test.toggle(key="chain").set_value(False).run()
    assert not {"written steps", "invented step"} & {trace["name"] for trace in figure(test)["data"]}


def test_how_the_answer_is_reached_is_said(app, shelf, problems):
    first = problems[index_of_good_example(problems[:3])]
    text = answers(load_model(shelf / "models" / "tiny").model, [first], ks=[0]).text[0][0]
    words = " ".join(element.value for element in app(k=0).markdown)
    assert WAYS[reasoning_process(first, text, 0)] in words


def test_two_models_stand_beside_each_other(app, shelf):
    shutil.copytree(shelf / "models" / "tiny", shelf / "models" / "twin")
    try:
        test = app(second="twin")
        assert not test.exception and not test.error
        one, other = (
            {t["name"]: t for t in figure(test, index)["data"] if not t.get("showlegend")} for index in (0, 1)
        )
        assert one["nodes"]["x"] == other["nodes"]["x"]
        assert one["values"]["marker"]["color"] == other["values"]["marker"]["color"]
        assert "model twin" in figure(test, 1)["layout"]["title"]["subtitle"]["text"]
        marks = [trace["name"] for trace in figure(test, 2)["data"]]
        assert {"candidate", "target", "tree edge", "correct path", "path to a node", "invented step"} <= set(marks)
    finally:
        shutil.rmtree(shelf / "models" / "twin")


def test_play_moves_k_on(app):
    test = app(k=2)
    test.toggle(key="play").set_value(True).run()
    assert not test.exception
    assert test.slider(key="k").value == 2, "a toggle is not a tick of the clock"
    test.session_state["touched"] = 0.0  # the last tick is long ago
    test.run()
    assert test.slider(key="k").value == 3
    test.slider(key="k").set_value(5).run()
    assert test.slider(key="k").value == 5, "what was chosen stays for a while"


def test_written_values_follow_the_threshold(open_page):
    test = open_page("search_tree", k="1")
    shown = {}
    for least in ("all", ".5", "none"):
        test.selectbox(key="written").select(least).run()
        texts = next(trace for trace in figure(test)["data"] if trace.get("name") == "written values")["text"]
        shown[least] = sum(map(bool, texts))
    assert shown["all"] == len(texts) > shown[".5"] >= shown["none"] == 0
