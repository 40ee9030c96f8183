"""The page of changes: to a problem's text and to thoughts."""

import json
import shutil

import pytest

from coconut_core.problems.prosqa.problem import ProsqaProblem
from tests.app.conftest import figure, shown, upload


@pytest.mark.parametrize(
    ("method", "kind", "reason"),
    [("cot", "zero", "no slots"), ("pause_as_thought", "swap", "same embedding"), ("coconut", "freeze", None)],
)
def test_a_change_that_can_change_nothing_is_not_named_as_one(open_page, page_shelf, method, kind, reason):
    folder = page_shelf / "models" / "another"
    shutil.copytree(page_shelf / "models" / "tiny", folder)
    card = json.loads((folder / "coconut.json").read_text()) | {"method": method}
    (folder / "coconut.json").write_text(json.dumps(card | ({"max_thoughts": 0} if method == "cot" else {})))
    try:
        test = open_page("what_if", model="another")
        test.multiselect(key="which").set_value([1])
        test.selectbox(key="change").select(kind).run()
        assert any("nothing yet" in element.value for element in test.markdown) and not test.exception
        assert reason is None or any(reason in element.value for element in test.info)
    finally:
        shutil.rmtree(folder)


def test_the_way_back_is_there_when_the_text_is_no_problem(open_page):
    test = open_page("what_if", edited="nonsense")
    assert "not a problem that can be asked" in test.error[0].value
    next(button for button in test.button if button.label == "Undo all edits").click().run()
    assert not test.error and any("nothing yet" in element.value for element in test.markdown)


def test_a_long_question_is_not_cut(open_page):
    facts = [f"Every creature{a} is a creature{b}." for a in range(100) for b in range(a + 1, a + 4)]
    choice = "Bob is a wumpus. Is Tom a creature1 or wumpus?"
    problem = ProsqaProblem.from_text(" ".join(["Tom is a creature0.", *facts, choice]))
    test = open_page("what_if")
    assert upload(test, [problem.to_json()]) or "vocabulary" in test.error[0].value
    assert len(problem.question) > 8000 and test.text_area(key="edited").value == problem.question
    assert "not a problem that can be asked" not in shown(test)


def test_an_edit_shows_before_and_after(open_page, problems):
    test = open_page("what_if")
    assert any("nothing yet" in element.value for element in test.markdown)
    text = test.text_area(key="edited").value
    fact = test.selectbox(key="fact").options[0]
    next(button for button in test.button if button.label == "Turn the choice round").click().run()
    assert not test.exception
    assert test.text_area(key="edited").value != text
    assert any("asked “Is" in element.value for element in test.markdown)
    test.text_area(key="edited").set_value(text.replace(fact + " ", "", 1)).run()
    assert not test.exception
    said = " ".join(element.value for element in (*test.markdown, *test.error))
    assert "dropped" in said or "not a problem that can be asked" in said
    test.text_area(key="edited").set_value("nonsense").run()
    assert not test.exception and "not a problem that can be asked" in test.error[0].value


def test_edits_belong_to_their_problem_and_come_back_with_the_page(open_page):
    def changed():
        return next(element.value for element in test.markdown if "Changed:" in element.value)

    def press(label):
        next(button for button in test.button if button.label == label).click().run()

    test = open_page("what_if")
    press("Turn the choice round")
    test.switch_page("workbench/pages/thoughts.py").run()
    test.switch_page("workbench/pages/what_if.py").run()
    assert "asked" in changed() and not test.exception
    again = open_page("what_if", edited=test.query_params["edited"])
    assert again.text_area(key="edited").value == test.text_area(key="edited").value
    press("Undo all edits")
    assert "nothing yet" in changed() and "edited" not in test.query_params
    press("Turn the choice round")
    chosen = test.selectbox(key="problem")
    chosen.select(next(option for option in chosen.options if option != chosen.value)).run()
    assert "nothing yet" in changed() and not test.exception


@pytest.mark.parametrize("kind", ["zero", "noise", "blur", "freeze", "swap", "remove"])
def test_thoughts_can_be_changed(open_page, kind):
    test = open_page("what_if")
    test.slider(key="k").set_value(6)
    test.selectbox(key="change").select(kind).run()
    assert not test.exception and not test.error
    before, after = (figure(test, index) for index in (0, 1))
    values = [next(t for t in f["data"] if t["name"] == "values")["marker"]["color"] for f in (before, after)]
    # The first thought that can be frozen is the second: all are the first one then.
    assert values[0] != values[1]


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


def test_a_link_names_a_change_by_its_key(open_page):
    test = open_page("what_if", change="zero")
    assert test.selectbox(key="change").value == "zero" and not test.warning
    test = open_page("what_if", change="explode")
    assert test.selectbox(key="change").value == "none"
    assert any("explode" in each.value for each in test.warning)
