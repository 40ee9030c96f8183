"""The page of changes: to a problem's text and to thoughts."""

import json
import shutil

import pytest

from coconut_core.problems.prosqa.problem import ProsqaProblem
from tests.app.conftest import drawn_tree, drawn_values, move, run_script, shown, tree, trees, upload, values
from workbench.choices.edits import THOUGHT_EDITS


def link_of(*edits):
    return json.dumps([list(edit) for edit in edits])


def chips(test):
    return [button.label.replace("\\", "") for button in test.button if (button.key or "").startswith("edit ")]


def press(test, label):
    next(button for button in test.button if button.label == label).click().run()


@pytest.mark.parametrize(
    ("method", "kind", "reason"),
    [("cot", "zero", "no slots"), ("pause_as_thought", "swap", "same embedding"), ("coconut", "freeze", "before")],
)
def test_a_change_that_can_change_nothing_is_said_to_be_none(open_page, page_shelf, method, kind, reason):
    folder = page_shelf / "models" / "another"
    shutil.copytree(page_shelf / "models" / "tiny", folder)
    card = json.loads((folder / "coconut.json").read_text()) | {"method": method}
    (folder / "coconut.json").write_text(json.dumps(card | ({"max_thoughts": 0} if method == "cot" else {})))
    try:
        test = open_page("what_if", model="another", edits=link_of(("thought", 1, kind, 0)))
        assert any(reason in element.value for element in test.info) and not test.exception
        assert values(test) == tree(test, 1)["values"]["marker"]["color"]
    finally:
        shutil.rmtree(folder)


def test_the_way_back_is_there_when_the_text_is_no_problem(open_page):
    test = open_page("what_if", edits=link_of(("text", "nonsense")))
    assert "not a problem that can be asked" in test.error[0].value and tree(test)["nodes"]
    press(test, "Undo all edits")
    assert not test.error and not chips(test) and "edits" not in test.query_params


@pytest.mark.parametrize("link", ["nonsense", "[3]", '[["thought", 0, "zero", 0]]', '[["explode"]]', '[["drop", 5]]'])
def test_a_link_with_what_is_no_edit_says_so(open_page, link):
    test = open_page("what_if", edits=link)
    assert not test.exception and not chips(test) and len(test.warning) == 1 and "edit" in test.warning[0].value


def test_a_long_question_is_not_cut(open_page):
    facts = [f"Every creature{a} is a creature{b}." for a in range(100) for b in range(a + 1, a + 4)]
    choice = "Bob is a wumpus. Is Tom a creature1 or wumpus?"
    problem = ProsqaProblem.from_text(" ".join(["Tom is a creature0.", *facts, choice]))
    test = open_page("what_if")
    assert upload(test, [problem.to_json()]) or "vocabulary" in test.error[0].value
    assert len(problem.question) > 8000 and "not a problem that can be asked" not in shown(test)


def test_edits_stand_in_a_row_with_undo_and_redo(open_page):
    test = open_page("what_if")
    assert any("No edits yet" in element.value for element in test.markdown)
    press(test, "Turn the choice round")
    fact = test.selectbox(key="fact").options[0]
    press(test, "Drop")
    assert len(chips(test)) == 2 and fact[:12] in chips(test)[1] and not test.exception
    link = test.query_params["edits"]
    press(test, "Undo")
    assert chips(test) == ["choice turned round"]
    press(test, "Redo")
    assert len(chips(test)) == 2 and test.query_params["edits"] == link
    test.button(key="edit 0").click().run()
    assert len(chips(test)) == 1 and fact[:12] in chips(test)[0]
    assert len(chips(open_page("what_if", edits=link))) == 2


def test_edits_belong_to_their_problem_and_come_back_with_the_page(open_page):
    test = open_page("what_if")
    press(test, "Turn the choice round")
    test.switch_page("workbench/pages/thoughts.py").run()
    test.switch_page("workbench/pages/what_if.py").run()
    assert chips(test) == ["choice turned round"] and not test.exception
    test.button(key="next").click().run()
    assert not chips(test) and not test.exception


def test_each_thought_has_its_own_kind_and_all_are_edited_at_once(open_page):
    one = open_page("what_if", k="3", edits=link_of(("thought", 1, "zero", 0)))
    both = open_page("what_if", k="3", edits=link_of(("thought", 1, "zero", 0), ("thought", 2, "swap", 4)))
    assert [view["name"] for view in trees(both)["views"]][0] == "Difference" and len(chips(both)) == 2
    assert values(one) == values(both), "before is the same"
    after = [tree(test, 1)["values"]["marker"]["color"] for test in (one, both)]
    assert after[0] != after[1] and after[0] != values(one)
    difference = tree(both, 2)["values"]["marker"]["color"]
    assert difference == pytest.approx([new - old for old, new in zip(values(both), after[1], strict=True)])
    table = both.dataframe[1].value
    assert table["change"].abs().is_monotonic_decreasing and table["change"].abs().max() > 0


@pytest.mark.parametrize("kind", list(THOUGHT_EDITS))
def test_a_cell_of_the_grid_says_what_its_edit_does(open_page, kind):
    test = open_page("what_if", k="6")
    cell = test.dataframe[0].value.iloc[1][kind]
    edited = open_page("what_if", k="6", edits=link_of(("thought", 2, kind, 0)))
    assert not edited.exception and not edited.error
    rows = {each["name"]: each["values"] for each in trees(edited)["rows"]}
    assert rows["p(target), after"][6] - rows["p(target)"][6] == pytest.approx(cell, abs=1e-6)


def test_a_fact_is_dropped_and_added_in_the_tree(open_page):
    test = open_page("what_if")
    names, edge = trees(test)["trees"][0]["names"], tree(test)["tree edges"]["customdata"][0]
    assert trees(test)["edits"] and len(edge) == 2
    fact = next(
        text for text in test.selectbox(key="fact").options if names[edge[0]] in text and names[edge[1]] in text
    )
    after = open_page("what_if", edits=link_of(("drop", fact)))
    left = [tuple(pair) for pair in tree(after, 1)["tree edges"]["customdata"] if pair]
    renumbered = trees(after)["trees"][1]["names"]
    pairs = {(renumbered[a], renumbered[b]) for a, b in left}
    assert (names[edge[0]], names[edge[1]]) not in pairs and set(renumbered) <= set(names)


def test_a_name_that_the_model_does_not_know_keeps_the_tree_and_lists_what_it_knows(open_page):
    test = open_page("what_if")
    old = test.selectbox(key="old").options[-1]
    test = open_page("what_if", edits=link_of(("rename", old, "zzzunheardof")))
    assert not test.exception and "vocabulary" in test.error[0].value and tree(test)["nodes"]
    assert "knows" in shown(test) and len(trees(test)["trees"]) == 1


def test_edits_run_on_many_problems(open_page):
    test = open_page("what_if", edits=link_of(("thought", 1, "zero", 0)))
    test.number_input(key="edited problems").set_value(4).run()
    press(test, "Run these edits")
    assert not test.exception and any("of 4 answers are right" in each.value for each in test.markdown)


def test_k_of_another_page_is_kept(open_page):
    test = open_page("search_tree", k="4")
    test.switch_page("workbench/pages/what_if.py").run()
    assert trees(test)["k"] == 4
    move(test, 2)
    test.switch_page("workbench/pages/search_tree.py").run()
    assert trees(test)["k"] == 2 and drawn_tree(test)["data"]


def test_edits_of_a_text():
    from coconut_core.errors import InputError
    from coconut_core.problems.prosqa import edits

    text = "Tom is a lempus. Every lempus is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?"
    assert edits.without_fact(text, "Bob is a wumpus.").startswith("Tom is a lempus. Every lempus is a rompus. Is Tom")
    assert "Bob is a wumpus. Tom is a wumpus. Is" in edits.with_fact(text, "Tom", "wumpus")
    assert "Bob is a wumpus. Every wumpus is a rompus. Is" in edits.with_fact(text, "wumpus", "rompus")
    assert edits.renamed(text, "lempus", "zumpus").count("zumpus") == 2
    assert edits.turned_round(text).endswith("Is Tom a rompus or wumpus?")
    assert edits.facts_of(text.replace(". ", ".\n")) == edits.facts_of(text)
    assert edits.renamed(text, "lempus", "x+").count("x+") == 2
    assert edits.renamed(edits.renamed(text, "lempus", "x+"), "x+", "y").count(" y") == 2
    assert edits.renamed(text, "rompus", r"\1").endswith(r"or \1?")
    assert edits.names_of(text) == (("Bob", "Tom", "lempus", "rompus", "wumpus"), ("lempus", "rompus", "wumpus"))
    for fault, change in (
        ("cannot be a name", lambda: edits.renamed(text, "lempus", "two words")),
        ("is not in the text", lambda: edits.renamed(text, "gorpus", "x")),
        ("not a fact of the text", lambda: edits.without_fact(text, "Tom is a gorpus.")),
        ("is a fact already", lambda: edits.with_fact(text, "Tom", "lempus")),
        ("in the text already", lambda: edits.renamed(text, "lempus", "rompus")),
        ("at least one fact", lambda: edits.without_fact("Tom is a a. Is Tom a a or b?", "Tom is a a.")),
    ):
        with pytest.raises(InputError, match=fault):
            change()


def test_the_script_of_edits_gives_the_numbers_of_the_page(open_page):
    edits = link_of(("thought", 1, "zero", 0), ("thought", 2, "swap", 3), ("turn",))
    test = open_page("what_if", edits=edits, k="3")
    said = run_script(test)
    after, names = drawn_values(test, 1), said["problem"].names
    assert not test.error and after == pytest.approx({node: said["values"][names[node]] for node in after}, abs=1e-6)
