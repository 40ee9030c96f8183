"""Edits of a problem and of the thoughts on it: a row of them, with undo and redo, which the link holds.

An edit is a short list: what is done, and to what.

    ["drop", FACT]              leave out a fact, as its sentence
    ["add", PARENT, CHILD]      state another one
    ["rename", OLD, NEW]        call a node something else
    ["turn"]                    turn the choice of the question round
    ["text", QUESTION]          a question written anew
    ["thought", K, KIND, SEED]  feed something else into slot K; SEED chooses the problem whose thought is fed instead
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from analyses.drawing.escaping import one_line, truncated
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.task import Task
from workbench.choices.links import gone_to, hold

KEY = "edits"
"""In the link and in the session."""
MOST_EDITS = 24
LONGEST_LABEL = 40
THOUGHT_EDITS = {
    "zero": "zero vector",
    "noise": "random direction, same length",
    "blur": "plus noise as long as itself",
    "freeze": "the thought before it again",
    "swap": "another problem's thought",
    "remove": "hidden from what comes later",
}
_OWNER, _DONE, _UNDONE = "edits: of", "edits: done", "edits: undone"
_FIELDS = {
    "drop": (str,),
    "add": (str, str),
    "rename": (str, str),
    "turn": (),
    "text": (str,),
    "thought": (int, str, int),
}


@dataclass(frozen=True)
class ThoughtEdit:
    """What is fed into one slot instead of its thought."""

    position: int
    """From 1."""
    kind: str
    """One of `THOUGHT_EDITS`."""
    donor: int = 0
    """Chooses the problem whose thought is fed, for "swap"."""


@dataclass(frozen=True)
class Edit:
    """One edit, as the list of the module's docstring."""

    what: str
    to: tuple[Any, ...] = ()

    @property
    def label(self) -> str:
        """In a few words."""
        first, second = (*map(lambda part: one_line(str(part)), self.to[:2]), "", "")[:2]
        said = {
            "drop": f"without “{first}”",
            "add": f"{first} → {second}",
            "rename": f"{first} is called {second}",
            "turn": "choice turned round",
            "text": "question written anew",
        }
        if self.what == "thought":
            kind = THOUGHT_EDITS[second]
            return f"thought {first}: {kind}" + (f" ({self.to[2]})" if second == "swap" else "")
        return truncated(said[self.what], LONGEST_LABEL)

    @classmethod
    def from_list(cls, record: object) -> "Edit":
        """`InputError` for what is not an edit."""
        what, *to = record if isinstance(record, list) and record else (None,)
        kinds = _FIELDS.get(what) if isinstance(what, str) else None
        fits = kinds is not None and len(to) == len(kinds) and all(map(isinstance, to, kinds))
        if not fits or (what == "thought" and (to[0] < 1 or to[1] not in THOUGHT_EDITS or to[2] < 0)):
            raise InputError(f"{truncated(str(record), 80)}: is not an edit; make it on the page What if.")
        return cls(what, tuple(to))


def edits_of(problem: GraphProblem) -> tuple[Edit, ...]:
    """The edits of this problem, at first those of the link; another problem has none. `InputError` for a bad link."""
    state, asked = st.session_state, gone_to(KEY)
    if state.get(_OWNER) != problem.question:
        asked = asked if _OWNER not in state else None
        state[_OWNER], state[_DONE], state[_UNDONE] = problem.question, [()], []
    if asked is not None:
        hold(KEY, None)  # unless they can be read
        state[_DONE].append(read_edits(asked))
    edits = state[_DONE][-1]
    hold(KEY, _written(edits))
    return edits


def held(problem: GraphProblem) -> str:
    """The edits of this problem, as a link holds them; "" for none."""
    edits = latest() if st.session_state.get(_OWNER) == problem.question else ()
    return _written(edits) or ""


def forget() -> None:
    """Let the next link say what is edited, whatever was edited before."""
    st.session_state.pop(_OWNER, None)


def _written(edits: Sequence[Edit]) -> str | None:
    return json.dumps([[edit.what, *edit.to] for edit in edits], ensure_ascii=False) if edits else None


def read_edits(text: str) -> tuple[Edit, ...]:
    """The edits of a link; none of an empty one."""
    if not text:
        return ()
    try:
        records = json.loads(text)
    except ValueError:
        records = None
    if not isinstance(records, list) or len(records) > MOST_EDITS:
        raise InputError("The edits of this link cannot be read; nothing is edited.")
    return tuple(map(Edit.from_list, records))


def latest() -> tuple[Edit, ...]:
    """The edits as they stand now, which may be newer than what the page was drawn with."""
    return st.session_state[_DONE][-1]


def make(edit: Edit) -> None:
    """Add an edit; of a thought that is edited already, the new one takes the place of the old."""
    before = st.session_state[_DONE][-1]
    kept = [each for each in before if not (each.what == edit.what == "thought" and each.to[0] == edit.to[0])]
    _keep((*kept, edit)[:MOST_EDITS])


def drop(index: int) -> None:
    """Take back one edit of the row."""
    before = st.session_state[_DONE][-1]
    _keep(before[:index] + before[index + 1 :])


def clear() -> None:
    """Take back all edits."""
    _keep(())


def undo() -> None:
    done, undone = st.session_state[_DONE], st.session_state[_UNDONE]
    if len(done) > 1:
        undone.append(done.pop())
    hold(KEY, _written(latest()))


def redo() -> None:
    if undone := st.session_state[_UNDONE]:
        st.session_state[_DONE].append(undone.pop())
    hold(KEY, _written(latest()))


def can_undo() -> bool:
    return len(st.session_state[_DONE]) > 1


def can_redo() -> bool:
    return bool(st.session_state[_UNDONE])


def _keep(edits: tuple[Edit, ...]) -> None:
    st.session_state[_DONE].append(edits)
    st.session_state[_UNDONE].clear()
    hold(KEY, _written(edits))


def edited_problem(task: Task, problem: GraphProblem, edits: Sequence[Edit]) -> GraphProblem:
    """The problem with its text edited, one edit after another; `InputError` says which of them cannot be made."""
    text, of_text = problem.question, [edit for edit in edits if edit.what != "thought"]
    if not of_text:
        return problem
    if task.edits is None:
        raise InputError(f"Questions of {task.title} cannot be edited; the thoughts on them can.")
    changes: dict[str, Callable[..., str]] = {
        "drop": task.edits.without_fact,
        "add": task.edits.with_fact,
        "rename": task.edits.renamed,
        "turn": task.edits.turned_round,
        "text": lambda before, question: question,
    }
    for edit in of_text:
        text = changes[edit.what](text, *edit.to)
    return task.from_text(text)


def thought_edits(edits: Sequence[Edit], most: int) -> tuple[ThoughtEdit, ...]:
    """The edits of thoughts 1 to `most`."""
    found = (ThoughtEdit(*edit.to) for edit in edits if edit.what == "thought")
    return tuple(sorted((edit for edit in found if edit.position <= most), key=lambda edit: edit.position))
