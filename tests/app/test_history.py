"""The states that a session has visited: returned to, pinned, noted, saved and opened."""

import json

import pytest

from coconut_core.errors import InputError
from tests.app.conftest import move, shown, trees
from workbench.choices import history

EDITS = '[["thought", 2, "zero", 0]]'
STATE = {"page": "what_if", "choices": {"model": "tiny"}, "k": 1, "edits": "", "title": "t"}
STATE |= {"pinned": False, "name": "", "note": ""}


def rail(test):
    """What stands in the list, in order."""
    return [button.label for button in test.button if (button.key or "").startswith("history state")]


def return_to_edits(test):
    at = next(index for index, label in enumerate(rail(test)) if "1 edit" in label)
    return test.button(key=f"history state {at}").click().run()


def press(test, label):
    return next(button for button in test.button if button.label == label).click().run()


def chosen(test):
    return test.selectbox(key="problem").value


def test_a_visited_state_is_returned_to(open_page):
    """Problem, k and edits are as they were, also from another page."""
    test = open_page("what_if", k="3", edits=EDITS, problem="2")
    first = chosen(test)
    test.button(key="next").click().run()
    assert chosen(test) != first and len(trees(test)["trees"]) == 1
    test.switch_page("workbench/pages/models.py").run()
    return_to_edits(test)
    assert not test.exception and chosen(test) == first and trees(test)["k"] == 3
    assert len(trees(test)["trees"]) == 3 and "".join(test.query_params["edits"]) == EDITS


def test_pinned_states_have_names_and_notes_and_are_kept(open_page):
    """States that k alone tells apart are one; what is written on a pinned one stays when it is seen again."""
    test = open_page("search_tree", problem="1")
    move(test, 3)
    test.run()
    assert len(rail(test)) == 1 and "3" in rail(test)[0].rsplit(" ", 1)[1]
    press(test, "Pin what is shown now")
    for field, text in (("name", "the odd one"), ("note", "hangs on thought 2")):
        given = next(each for each in test.text_input if (each.key or "").startswith(f"history {field}"))
        given.set_value(text).run()
    test.button(key="next").click().run()
    test.run()
    assert "the odd one" in rail(test)[0] and len(rail(test)) == 2
    press(test, "Forget what is not pinned")
    kept = [state for state in test.session_state["history"] if state.pinned]
    assert [(state.name, state.note) for state in kept] == [("the odd one", "hangs on thought 2")]


def test_a_saved_history_is_opened_in_another_session(open_page):
    test = open_page("what_if", k="2", edits=EDITS, problem="2")
    saved = json.dumps({"format": history.FORMAT, "states": [vars(test.session_state["history"][0])]}).encode()
    other = open_page("search_tree", problem="0")
    uploader = next(each for each in other.get("file_uploader") if each.key == "history file")
    uploader.set_value(("mine.json", saved, "application/json")).run()
    return_to_edits(other)
    assert chosen(other) == chosen(test) and trees(other)["k"] == 2
    assert "".join(other.query_params["edits"]) == EDITS and not other.exception


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "gone"}, "The model gone of this state is not here"),
        ({"set": "gone"}, "The set gone of this state is not here"),
        ({"problem": "99 gone"}, "has not the problem of this state"),
    ],
)
def test_what_of_a_state_is_gone_is_said(open_page, changes, message):
    test = open_page("search_tree", problem="1")
    before, (state,) = chosen(test), test.session_state["history"]
    other = {**vars(state), "choices": {**state.choices, **changes}, "edits": EDITS, "title": "1 edit"}
    test.session_state["history"] = [history.State(**other)]
    test.run()
    return_to_edits(test)
    assert message in shown(test).replace("\\", "") and chosen(test) == before and not test.exception


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[", "h.json is not a whole JSON file"),
        (b"[]", "h.json is not a history"),
        ({**STATE, "more": 1}, "state 0: has other fields"),
        ({**STATE, "k": "1"}, "field 'k' is not of the kind int"),
        ({**STATE, "page": "models"}, "names a page"),
        ({**STATE, "choices": {"k": 3}}, "names a page, a choice"),
        ({**STATE, "choices": {"source": "moon"}}, "where it comes from"),
        ({**STATE, "edits": '[["thought", 0, "zero", 0]]'}, "is not an edit"),
    ],
)
def test_a_file_that_is_no_history_is_refused_in_one_sentence(content, message):
    if isinstance(content, dict):
        content = json.dumps({"format": history.FORMAT, "states": [content]}).encode()
    with pytest.raises(InputError, match=message):
        history.read_states(content, "h.json")
    good = json.dumps({"format": history.FORMAT, "states": [STATE]}).encode()
    assert history.read_states(good, "h.json") == [history.State(**STATE)]
