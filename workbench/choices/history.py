"""What a session has looked at: a problem with a model, k and edits, to return to, pin, name and keep.

A state is what the widgets of the line at the top held, with k and the edits. States are saved to a small JSON file and
opened from one; what such a file holds is checked like any other input.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import streamlit as st

from analyses.drawing.escaping import truncated
from coconut_core.errors import InputError
from workbench.choices import edits as editing
from workbench.choices import number_of_thoughts
from workbench.choices.problem_sets import go_to, problem_set, problem_sets, sets_of_link
from workbench.choices.problem_sources import LONGEST_TEXT
from workbench.choices.selection import NOTHING, selection, usable_models

PAGES = {"search_tree": "Search tree", "what_if": "What if", "thoughts": "Thoughts"}
"""The pages of one problem."""
CHOICES = {"model": str, "second": str, "source": str, "set": str, "problem": str, "seed": int, "text": str}
"""Widgets of the line at the top, and what they hold."""
MOST_STATES = 40
LONGEST_NOTE = 500
FORMAT = "coconut history 1"
_STATES, _FAULT = "history", "history: fault"


@dataclass(frozen=True)
class State:
    """One visited state."""

    page: str
    """One of `PAGES`."""
    choices: dict[str, Any]
    """Values of the widgets in `CHOICES`."""
    k: int
    edits: str
    """As in a link (`edits.py`); "" for none."""
    title: str
    """What is seen, in a few words."""
    pinned: bool = False
    name: str = ""
    note: str = ""

    @property
    def view(self) -> tuple:
        """What it shows, but for k, which is moved too often for a state each."""
        return self.page, tuple(sorted(self.choices.items())), self.edits


def states() -> list[State]:
    """Those of this session, pinned ones first, the latest before the earlier ones."""
    return sorted(st.session_state.setdefault(_STATES, []), key=lambda state: not state.pinned)


def visit(page: str) -> None:
    """Remember what the page shows now; on other pages than `PAGES` nothing."""
    if (state := present(page)) is not None:
        _put(state)


def present(page: str) -> State | None:
    """What the page shows now; None where that is not one problem."""
    chosen = selection()
    if page not in PAGES or chosen.problem is None or chosen.model is None or chosen.fault:
        return None
    choices = {key: st.session_state[key] for key in CHOICES if isinstance(st.session_state.get(key), CHOICES[key])}
    k, edits = st.session_state.get(number_of_thoughts.KEY, number_of_thoughts.FIRST_K), editing.held(chosen.problem)
    count = len(json.loads(edits)) if edits else 0
    edited = f" · {count} edit{'s' * (count > 1)}" if count else ""
    title = f"{PAGES[page]} · {chosen.model.name} · {truncated(chosen.label, 40)}{edited}"
    return State(page, choices, k, edits, title)


def keep(state: State, **changes: Any) -> None:
    """Pin, name or note a state."""
    _put(replace(state, **changes))


def clear() -> None:
    """Forget all states but those that are pinned."""
    st.session_state[_STATES] = [state for state in states() if state.pinned]


def fault() -> str | None:
    """What kept a state from being returned to, or a file from being opened; given once."""
    return st.session_state.pop(_FAULT, None)


def return_to(state: State) -> None:
    """Show a state again; where something of it is gone, `fault` says what."""
    choices = dict(state.choices)
    names = [folder.name for folder in usable_models()]
    try:
        if choices.get("model") not in names:
            raise InputError(f"The model {choices.get('model')} of this state is not here; add its folder again.")
        if choices.get("second") not in (NOTHING, *names):
            choices.pop("second", None)
        if choices.get("source", "set") == "set":
            sets_of_link([choices.get("set", "")])
            if choices.get("set") not in problem_sets():
                raise InputError(f"The set {choices.get('set')} of this state is not here; make or upload it again.")
            chosen = problem_set(choices["set"])
            if choices.get("problem") not in chosen.labelled:
                raise InputError(f"The set {choices['set']} has not the problem of this state: {choices['problem']}.")
            st.session_state["set of"] = chosen.task.name  # that another task was chosen since changes no set
    except InputError as error:
        st.session_state[_FAULT] = str(error)
        return
    st.session_state.update(choices)
    st.session_state[number_of_thoughts.KEY] = state.k
    editing.forget()
    held = {number_of_thoughts.KEY: str(state.k), editing.KEY: state.edits}
    go_to(state.page, {key: value for key, value in held.items() if value})


def to_json() -> str:
    """All states as a file."""
    return json.dumps({"format": FORMAT, "states": [asdict(state) for state in states()]}, ensure_ascii=False, indent=1)


def open_file(content: bytes, name: str) -> None:
    """Add the states of a file; where they cannot be read, `fault` says why."""
    try:
        for state in reversed(read_states(content, name)):
            _put(state)
    except InputError as error:
        st.session_state[_FAULT] = str(error)


def read_states(content: bytes, name: str) -> list[State]:
    """The states of a file; `InputError` names the file and what is wrong."""
    try:
        record = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not a whole JSON file; open a history that was saved here.") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT or not isinstance(record.get("states"), list):
        raise InputError(f"{name} is not a history; open one that was saved here.")
    return [_read(each, f"{name}, state {index}") for index, each in enumerate(record["states"][:MOST_STATES])]


def _read(record: object, name: str) -> State:
    kinds = {"page": str, "choices": dict, "k": int, "edits": str, "title": str}
    kinds |= {"pinned": bool, "name": str, "note": str}
    if not isinstance(record, dict) or record.keys() != kinds.keys():
        raise InputError(f"{name}: has other fields than {', '.join(kinds)}; open a history that was saved here.")
    if wrong := [key for key, kind in kinds.items() if type(record[key]) is not kind]:
        raise InputError(f"{name}: the field {wrong[0]!r} is not of the kind {kinds[wrong[0]].__name__}; correct it.")
    choices = record["choices"]
    known = all(key in CHOICES and type(value) is CHOICES[key] for key, value in choices.items())
    if record["page"] not in PAGES or not known or record["k"] < 0:
        raise InputError(
            f"{name}: names a page, a choice or a k that is not there; open a history that was saved here."
        )
    if choices.get("source", "set") not in ("set", "random", "text") or choices.get("seed", 0) < 0:
        raise InputError(f"{name}: says of no problem where it comes from; open a history that was saved here.")
    editing.read_edits(record["edits"])
    texts = {key: truncated(record[key], LONGEST_NOTE) for key in ("title", "name", "note")}
    choices = {key: value[:LONGEST_TEXT] if isinstance(value, str) else value for key, value in choices.items()}
    return State(**{**record, **texts, "choices": choices})


def _put(state: State) -> None:
    """First among the others; one that shows the same gives its place, and what is written on it unless that is new."""
    before = st.session_state.setdefault(_STATES, [])
    same = next((each for each in before if each.view == state.view), None)
    if same is not None and not (state.pinned or state.name or state.note) and state.title == same.title:
        state = replace(same, k=state.k)
    others = [each for each in before if each is not same]
    kept = [each for each in others if each.pinned] + [each for each in others if not each.pinned][: MOST_STATES - 1]
    st.session_state[_STATES] = [state, *kept]
