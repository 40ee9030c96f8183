"""The search tree's page without a browser: what it shows, what its link holds."""

import shutil

import pytest

from analyses.drawing.escaping import for_markdown
from analyses.readings.reasoning_process import reasoning_process
from coconut_core.checkpoints import load_model
from coconut_core.generation import answers
from coconut_core.problems.registry import load_problems
from tests.app.conftest import asked, drawn_tree, drawn_values, figure, move, run_script, shown, tree, trees, values
from workbench.choices.problem_sources import index_of_good_example
from workbench.widgets.tree import WAYS


def test_a_tree_is_shown_at_once(app, problems):
    first = problems[index_of_good_example(problems[:3])]
    test = app()
    assert not test.exception and not test.error
    assert len(tree(test)["nodes"]["customdata"]) >= 4
    assert f"Is {first.root_name}" in asked(test)
    assert "Values as CSV" in [button.label for button in test.get("download_button")]
    assert test.dataframe[0].value.name.nunique() == len(first.names)


def test_moving_k_changes_values_and_moves_nothing(app):
    test = app()
    before = tree(test)
    move(test, 3)
    after = tree(test)
    assert not test.exception
    for name in before:
        assert (before[name]["x"], before[name]["y"]) == (after[name]["x"], after[name]["y"])
    assert before["values"]["marker"]["color"] != after["values"]["marker"]["color"]
    assert trees(test)["k"] == 3


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
    head = trees(test)["heads"][0][2]
    assert said.text[0][2][:40] in head["words"] and "2 thoughts" in head["before"]
    assert head["right"] == bool(said.correct[0, 2])
    table = test.dataframe[0].value.set_index("node")
    assert table.value.to_dict() == pytest.approx({n: read.value[0, 2, n] for n in table.index})
    assert table.no_thought.to_dict() == pytest.approx({n: read.value[0, 0, n] for n in table.index})


def test_the_control_can_force_either_opening(app):
    entity, every = app(k="0"), app(k="0", opening="Every")
    assert values(entity) != values(every)
    assert "“Every”" in tree(every)["values"]["marker"]["colorbar"]["title"]["text"]
    assert " is a”" in tree(entity)["values"]["marker"]["colorbar"]["title"]["text"]
    assert values(app(k="3")) == values(app(k="3", opening="Every"))
    curves = [{line["name"]: line["y"] for line in figure(test)["data"] if line.get("y")} for test in (entity, every)]
    shared = curves[0].keys() & curves[1].keys()
    assert any(curves[0][name][0] != curves[1][name][0] for name in shared)
    assert all(curves[0][name][1:] == curves[1][name][1:] for name in shared)


def test_low_candidate_mass_is_a_warning(app):
    test = app(k="1")  # an untrained model spreads its probability over all words
    assert "Low candidate mass" in test.warning[0].value


def test_beyond_the_last_row_there_are_no_candidates_and_no_warning(app):
    test = app(k="6")
    assert not test.warning and "no candidates" in test.info[0].value
    assert "no candidates" in drawn_tree(test)["title"]


def test_a_link_brings_the_view_back(app):
    test = app()
    move(test, 5)
    test.toggle(key="path").set_value(True).run()
    test.selectbox(key="problem").select_index(2).run()
    again = app(k="5", path="true", problem=test.selectbox(key="problem").value)
    assert trees(again)["k"] == 5 and again.toggle(key="path").value
    assert drawn_tree(again) == drawn_tree(test)


def test_a_link_may_hold_the_number_of_a_problem(app):
    test = app(problem="2")
    assert test.selectbox(key="problem").value.startswith("2 ·") and "is shown instead" not in shown(test)


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        *(("problem", "nonsense"), ("set", "nowhere"), ("to", "nobody"), ("k", "99"), ("path", "maybe")),
        *(("written", ".07"), ("opening", "<b>"), ("source", "?")),
    ],
)
def test_what_a_link_asks_for_and_is_not_there_is_said(app, key, asked):
    test = app(**{key: asked})
    said = [each.value for each in test.warning if f"{key} \\= “{for_markdown(asked)}”" in each.value]
    assert not test.exception and len(said) == 1 and "is shown instead" in said[0]
    test.run()  # the link has had its say
    assert not [each for each in test.warning if each.value in said]


@pytest.mark.parametrize("key", ["edited", "change", "which"])
def test_a_link_of_an_earlier_version_is_not_taken_for_another(app, key):
    test = app(**{key: "zero vector"})
    said = [each.value for each in test.warning if "earlier version" in each.value]
    assert len(said) == 1 and key in said[0]


def test_a_link_of_what_is_shown_anyway_is_not_complained_of(app):
    assert "link" not in " ".join(each.value for each in app(k="1", path="false", written=".05").warning)


@pytest.mark.parametrize(
    "link",
    [{"k": "99"}, {"k": "x"}, {"source": "?"}, {"problem": "0"}, {"opening": "<b>"}],
)
def test_invalid_values_in_a_link_are_ignored(app, link):
    test = app(**link)
    assert not test.exception and not test.error and tree(test)
    assert trees(test)["k"] == 1


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
    assert any(trace["name"] == f"path to {first.target_name}" for trace in drawn_tree(test)["data"])
    curves = figure(test)["data"]
    assert {first.target_name, first.distractor_name} <= {trace["name"] for trace in curves}
    assert len(curves[0]["x"]) == 7
    # The path stays while k moves, and goes with its problem.
    move(test, 2)
    assert any(trace["name"] == f"path to {first.target_name}" for trace in drawn_tree(test)["data"])
    chosen = test.selectbox(key="problem")
    chosen.select(next(label for label in chosen.options if label != chosen.value)).run()
    assert not test.exception and not any(t["name"].startswith("path to") for t in drawn_tree(test)["data"])


def test_the_steps_that_the_model_wrote_are_drawn(app, problems, monkeypatch):
    first = problems[index_of_good_example(problems[:3])]
    parent, child = (first.names[node] for node in first.path[:2])
    text = f"Every {parent} is a {child}. Every {child} is a nowhere. ### {first.answer}"
    monkeypatch.setattr("workbench.widgets.tree.Side.text", lambda side, k: text)
    test = app(k=2)
    lines = set(tree(test))
    assert {"written steps", "invented step"} <= lines
    test.toggle(key="chain").set_value(False).run()
    assert not {"written steps", "invented step"} & set(tree(test))


def test_how_the_answer_is_reached_is_said(app, shelf, problems):
    first = problems[index_of_good_example(problems[:3])]
    text = answers(load_model(shelf / "models" / "tiny").model, [first], ks=[0]).text[0][0]
    assert WAYS[reasoning_process(first, text, 0)] == trees(app(k=0))["heads"][0][0]["way"]


def test_two_models_stand_beside_each_other(app, shelf):
    shutil.copytree(shelf / "models" / "tiny", shelf / "models" / "twin")
    try:
        test = app(second="twin")
        assert not test.exception and not test.error
        one, other, difference = (tree(test, index) for index in range(3))
        assert one["nodes"]["x"] == other["nodes"]["x"]
        assert one["values"]["marker"]["color"] == other["values"]["marker"]["color"]
        assert "model twin" in drawn_tree(test, 1)["title"]
        assert not any(difference["values"]["marker"]["color"]) and difference["values"]["marker"]["cmin"] == -1
        assert [view["name"] for view in trees(test)["views"]] == ["Side by side", "Difference"]
        assert not test.dataframe[0].value["difference"].any()
    finally:
        shutil.rmtree(shelf / "models" / "twin")


def test_every_k_is_sent_once_and_what_stays_is_sent_for_all(app):
    view = trees(app(k=2))
    content = view["trees"][0]
    assert len(content["frames"]) == len(view["ks"]) == 7
    fixed = {trace["name"] for trace in content["fixed"]}
    assert {"tree edges", "target"} <= fixed and "values" not in fixed
    assert all("values" in {trace["name"] for trace in frame["traces"]} for frame in content["frames"])
    assert len({frame["title"] for frame in content["frames"]}) > 1


def test_the_probability_of_both_answers_stands_by_every_k(app, shelf, problems):
    from analyses.readings.answer_choices import answer_probabilities
    from coconut_core.thoughts import think_about

    first = problems[index_of_good_example(problems[:3])]
    model = load_model(shelf / "models" / "tiny").model
    right, wrong = answer_probabilities(model, think_about(model, [first], 6), range(7))[0].T
    rows = {row["name"]: row["values"] for row in trees(app())["rows"]}
    assert rows["p(target)"] == pytest.approx(right.tolist(), rel=1e-4)
    assert rows["p(distractor)"] == pytest.approx(wrong.tolist(), rel=1e-4)


def test_problems_are_stepped_through(app):
    test = app()
    first = test.selectbox(key="problem").value
    test.button(key="next").click().run()
    second = test.selectbox(key="problem").value
    test.button(key="previous").click().run()
    assert test.selectbox(key="problem").value == first != second
    test.button(key="any").click().run()
    assert test.radio(key="source").value == "random" and not test.exception


def test_written_values_follow_the_threshold(open_page):
    test = open_page("search_tree", k="1")
    shown = {}
    for least in ("all", ".5", "none"):
        test.selectbox(key="written").select(least).run()
        texts = tree(test)["written values"]["text"]
        shown[least] = sum(map(bool, texts))
    assert shown["all"] == len(texts) > shown[".5"] >= shown["none"] == 0


@pytest.mark.parametrize("link", [{}, {"source": "random", "seed": "5"}])
def test_the_script_gives_the_numbers_of_the_page(app, link):
    test = app(k="2", **link)
    said = run_script(test)
    drawn, names = drawn_values(test), said["problem"].names
    assert drawn == pytest.approx({node: said["values"][names[node]] for node in drawn}, abs=1e-6)
    rows = {row["name"]: row["values"][2] for row in trees(test)["rows"]}
    assert [rows["p(target)"], rows["p(distractor)"]] == pytest.approx(said["offered"], abs=1e-6)
    assert said["answer"] and said["answer"][:40] in trees(test)["heads"][0][2]["words"]
