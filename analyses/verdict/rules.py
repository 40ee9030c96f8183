"""The rules by which readings become answers, and answers become sentences.

An instrument votes where the exam found it right on every known model. A question is answered with what those that vote
say, as far as they say anything. It cannot be told

    where none votes: each was wrong, or could not tell, on a model whose algorithm is known
    where two that vote contradict each other
    where the interval of each holds its threshold, which is what "cannot be told" means of one instrument
    where nothing could be read, such as values of problems without the names they need

"Which rule of thumb" has an instrument for each rule, and its answer names those that say yes. What an instrument says
by its interval and threshold is written in `exam/reading.py`, the thresholds in `exam/thresholds.py`. No answer is a
proof: all instruments may be wrong of a model that is like none of the known ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analyses.exam.reading import OPEN

RULES_OF_THUMB = {
    "fewer_parents": "the candidate with fewer parents",
    "named_first": "the candidate named first",
    "told_last": "the candidate that the facts name last",
}
NO_THOUGHTS = "no thoughts"
LEADING = ("swap", "value", "value_several")
"""Instruments whose numbers a sentence gives rather than those of others for the same question."""
ASKED = {
    "used": "Does it use its thoughts?",
    "steps": "Are k thoughts worth k steps?",
    "frontier": "Is the frontier in the thought?",
    "read": "Is it read from there?",
    "several": "Does a thought hold several branches at once?",
    "goal": "Does the value see the goal beyond degree?",
    "alone": "Is the search done in the question already?",
    "rule": "Which rule of thumb does it follow?",
}
"""The questions of a verdict, in their order."""
CLAIMS = {
    "used": {
        "yes": "Its answers depend on what its thoughts hold",
        "no": "Its answers do not depend on what its thoughts hold",
        OPEN: "Whether its answers depend on its thoughts",
    },
    "steps": {
        "yes": "Targets are found after as many thoughts as they are steps away, and not before",
        "no": "Thoughts are not worth a step each",
        OPEN: "Whether a thought is worth a step",
    },
    "frontier": {
        "yes": "After k thoughts the nodes at a distance of k are there",
        "no": "After k thoughts the nodes at a distance of k are not found",
        OPEN: "Whether thought k holds the nodes at a distance of k",
    },
    "read": {
        "yes": "The answer follows thoughts that search from another start",
        "no": "The answer does not follow thoughts that search from another start",
        OPEN: "Whether the answer is read from what the thoughts hold",
    },
    "several": {
        "yes": "Several branches are held at once",
        "no": "Several branches are hardly ever held at once",
        OPEN: "Whether several branches are held at once",
    },
    "goal": {
        "yes": "Values prefer the node that leads to the target to an equal one that does not",
        "no": "Values do not prefer the node that leads to the target to an equal one",
        OPEN: "Whether values see the goal beyond depth and degree",
    },
    "alone": {
        "yes": "The question alone is enough for most answers that no rule of thumb gives",
        "no": "The question alone is not enough for most answers that the rule of thumb gets wrong",
        OPEN: "Whether the search is done in the question",
    },
    "rule": {
        "yes": "It follows a rule of thumb",
        "no": "It follows no rule of thumb that was tried",
        OPEN: "Whether it follows a rule of thumb",
    },
}


@dataclass(frozen=True)
class Answer:
    """What follows for one question."""

    answer: str
    """"yes", "no", "cannot be told", "no thoughts", or the rules of thumb."""
    sentence: str
    instrument: str
    """The one whose number stands in the sentence; "" without one."""


def questions_of(question: str) -> tuple[str, ...]:
    """The instruments' questions that a question of the verdict puts together."""
    return tuple(RULES_OF_THUMB) if question == "rule" else (question,)


def votes(marks: Mapping[str, str]) -> bool:
    """Whether an instrument votes, by its marks on the known models."""
    return bool(marks) and set(marks.values()) == {"right"}


def answer_of(question: str, rows: Sequence[Mapping[str, Any]]) -> Answer:
    """The answer to a question of `ASKED` from the readings of one model's instruments for it, as in the table."""
    claims = CLAIMS[question]
    if not rows:
        return Answer(OPEN, f"{claims[OPEN]} cannot be told: no instrument was tried.", "")
    if all(row["left_out"] == NO_THOUGHTS for row in rows):
        return Answer(NO_THOUGHTS, "It has no thoughts.", "")
    read = [row for row in rows if not row["left_out"]]
    if not read:
        return Answer(OPEN, f"{claims[OPEN]} cannot be told: {rows[0]['left_out']}", "")
    voting = [row for row in read if row["votes"]]
    if not voting:
        lead = _leading(read)
        why = f"no instrument that asks this is right on every known model ({_number(lead)})"
        return Answer(OPEN, f"{claims[OPEN]} cannot be told: {why}.", lead["instrument"])
    if question == "rule":
        return _rule(voting, claims)
    said = {row["said"] for row in voting} - {OPEN}
    if len(said) == 1:
        (answer,) = said
        lead = _leading([row for row in voting if row["said"] == answer])
        return Answer(answer, f"{claims[answer]} ({_number(lead)}).", lead["instrument"])
    lead = _leading(voting)
    if said:
        why = "; ".join(f"{row['said']} by {row['title']}, {row['share']:.0%}" for row in voting)
    else:
        why = f"the interval holds the threshold of {lead['threshold']:.0%} ({_number(lead)})"
    return Answer(OPEN, f"{claims[OPEN]} cannot be told: {why}.", lead["instrument"])


def _rule(voting: Sequence[Mapping[str, Any]], claims: Mapping[str, str]) -> Answer:
    followed = [row for row in voting if row["said"] == "yes"]
    if followed:
        lead = max(followed, key=lambda row: row["share"] - row["control_share"])
        named = " and ".join(RULES_OF_THUMB[row["question"]] for row in followed)
        return Answer(named, f"{claims['yes']}: {named} ({_number(lead)}).", lead["instrument"])
    lead = max(voting, key=lambda row: row["judged_high"])
    tried = ", ".join(RULES_OF_THUMB[row["question"]] for row in voting)
    if all(row["said"] == "no" for row in voting):
        return Answer("none", f"{claims['no']}: {tried} ({_number(lead)}).", lead["instrument"])
    return Answer(OPEN, f"{claims[OPEN]} cannot be told of {tried} ({_number(lead)}).", lead["instrument"])


def _leading(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((row for row in rows if row["instrument"] in LEADING), rows[0])


def _number(row: Mapping[str, Any]) -> str:
    """An instrument's number with its interval, n and control."""
    if not row["n"]:
        return f"{row['title']}: no such problem"
    shown = f"{row['title']}: {row['share']:.0%}, {row['low']:.0%} to {row['high']:.0%}, of {row['n']}"
    if row["control_n"] and not pd.isna(row["control_n"]):
        shown += f"; {row['control']}: {row['control_share']:.0%} of {row['control_n']:.0f}"
    return shown
