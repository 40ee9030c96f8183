"""What edits of thoughts do to the answers of many problems; computed once for all sessions."""

from typing import TYPE_CHECKING

import streamlit as st

from coconut_core.errors import InputError
from workbench.choices.edits import Edit, ThoughtEdit
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import ProblemSet
from workbench.computed.readings import edit_records, loaded

if TYPE_CHECKING:
    from analyses.figures.causal.edited_answers import EditedAnswers


def edited_answers(
    folder: ModelFolder, problems: ProblemSet, count: int, thoughts: int, edits: tuple[ThoughtEdit, ...]
) -> "EditedAnswers":
    """Answers after `thoughts` thoughts on the first `count` problems of a set, with the edits and without.

    A swap feeds the thought on one donor to all.
    """
    if folder.task.name != problems.task.name:
        raise InputError(
            f"These problems are of {problems.task.title}, the model of {folder.task.title}: choose others."
        )
    return _edited_answers(
        str(folder.path), folder.fingerprint, problems.sha256, count, thoughts, edits, folder, problems
    )


@st.cache_resource(max_entries=32, show_spinner="Asking the problems, twice each …")
def _edited_answers(
    path: str,
    fingerprint: str,
    sha256: str,
    count: int,
    thoughts: int,
    edits: tuple[ThoughtEdit, ...],
    _folder: ModelFolder,
    _problems: ProblemSet,
) -> "EditedAnswers":
    model, asked = loaded(_folder).model, _problems.problems[:count]
    from analyses.figures.causal.edited_answers import EditedAnswers
    from analyses.readings.changed_thoughts import ANSWER_TOKENS
    from coconut_core.generation import answers

    given = {"ks": (thoughts,), "max_new_tokens": ANSWER_TOKENS}
    before = answers(model, asked, **given)
    after = answers(model, asked, edits=edit_records(model, asked[0], thoughts, edits), **given)
    words = "; ".join(Edit("thought", (edit.position, edit.kind, edit.donor)).label for edit in edits)
    return EditedAnswers(words, thoughts, before.correct[:, 0], after.correct[:, 0])
