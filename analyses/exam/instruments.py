"""The instruments that are examined: each asks one question of a model, problem by problem.

A reading is the share of problems on which the instrument found what it looks for, with its interval; `said` turns it
into yes, no or "cannot be told" by the thresholds of `thresholds.py`. Questions:

used
    Do answers depend on what is fed into the slots?
steps
    Is a target h steps away found after h thoughts, and not before?
frontier
    Does thought k hold nodes at a distance of k?
several
    Does it hold several of them at once?
read
    Is the answer read from the nodes that the thoughts hold?
goal
    Do values prefer nodes that lead to the target to equal ones that do not?
alone
    Is the search done in the question, without any thought?
fewer_parents, named_first, told_last
    Are answers wrong where this rule of thumb is wrong?

Instruments for "used" change or drop what is fed into all slots (`readings/changed_thoughts.py`), and find a problem
whose answer is then another one; or compare numbers of thoughts, and find one that is wrong before there are as many
thoughts as steps and right from then on, as that for "steps" does. For "read" one instrument feeds the thoughts on the
same facts, asked of another start from which the other candidate is right, and finds an answer that is then this
candidate: the texts differ in one name. The other rewrites the frontier's part of thought k with that of a problem that
differs in one fact, and finds an answer that becomes this problem's (`readings/representation/rewriting.py`).
Instruments for "frontier" and "several" read thought k on the problems that have several nodes at that distance:
through language (the implicit value, with "Every" forced), through the head (the logit lens, nostalgebraist 2020, on
the thought itself) or by a probe that is fitted on half of the problems and read on the others
(`readings/representation/probes.py`). The effective number of nodes is exp(H), H the entropy of the shares that the
frontier's nodes have of its mass, as in `figures/search/commitment.py`. The others are those of `shortcuts.py`.

Where an instrument has a control, that is the same share where nothing should be found. What the retold problem feeds,
for one, are the thoughts on the same facts in another order.
"""

from collections.abc import Callable
from dataclasses import dataclass

from analyses.exam import thresholds
from analyses.exam.changes import at_its_step, changed, dropped, read_from, retold, rewritten
from analyses.exam.frontiers import Read, by_lens, by_value, holds, probed, several
from analyses.exam.reading import Found, Reading
from analyses.exam.shortcuts import GOAL_AFTER, prefers_the_goal, right_in_both_orders, wrong_where
from analyses.readings.study import Study

QUESTIONS = {
    "used": "Are the thoughts used?",
    "steps": "Are k thoughts worth k steps?",
    "frontier": "Does thought k hold nodes at a distance of k?",
    "several": "Does it hold several at once?",
    "read": "Is the answer read from what the thoughts hold?",
    "goal": "Does the value see the goal beyond degree?",
    "alone": "Is the search done in the question already?",
    "fewer_parents": "Rule of thumb: the candidate with fewer parents?",
    "named_first": "Rule of thumb: the candidate named first?",
    "told_last": "Rule of thumb: the candidate that the facts name last?",
}


@dataclass(frozen=True)
class Instrument:
    """One way to look."""

    name: str
    question: str
    """One of `QUESTIONS`."""
    title: str
    find: Callable[[Study], Found]
    """Whether it finds what it looks for on each problem that it could be looked for on, in a study of one model."""
    threshold: float = thresholds.LEAST_SHARE
    control: Callable[[Study], Found] | None = None
    beside: str = ""
    """What the control is."""
    is_beyond: bool = False
    """Whether the share has to exceed the control's by the threshold."""

    def read(self, study: Study) -> Reading:
        beyond = self.read_control(study) if self.is_beyond else None
        return Reading.of(self.find(study), self.threshold, beyond)

    def read_control(self, study: Study) -> Reading | None:
        return None if self.control is None else Reading.of(self.control(study), self.threshold)


_RETOLD = {"control": retold, "beside": "thoughts of the same problem, its facts in another order"}


def _untrained(what: Callable, read: Read) -> dict:
    return {"control": what(read, -1), "beside": "untrained model"}


INSTRUMENTS = (
    Instrument("zero", "used", "all thoughts zero", changed("zero"), **_RETOLD),
    Instrument("mean", "used", "all thoughts the mean over problems", changed("mean"), **_RETOLD),
    Instrument("noise", "used", "all thoughts noise of their length", changed("noise"), **_RETOLD),
    Instrument("swap", "used", "another problem's thoughts", changed("swap"), **_RETOLD),
    Instrument("remove", "used", "thoughts hidden from what follows", changed("remove"), **_RETOLD),
    Instrument("no_thoughts", "used", "no thoughts instead of all", dropped, **_RETOLD),
    Instrument("at_its_step", "used", "wrong before, right from k = steps on", at_its_step(0), **_RETOLD),
    Instrument(
        "step_by_step",
        "steps",
        "wrong before, right from k = steps on",
        at_its_step(0),
        control=at_its_step(1),
        beside="as many steps as the next problem has",
    ),
    Instrument("value", "frontier", "value of the frontier", holds(by_value), **_untrained(holds, by_value)),
    Instrument("lens", "frontier", "thought read through the head", holds(by_lens), **_untrained(holds, by_lens)),
    Instrument(
        "probe",
        "frontier",
        "most probable node of a probe",
        probed(),
        thresholds.PROBED,
        control=probed(-1),
        beside="untrained model",
        is_beyond=True,
    ),
    Instrument(
        "value_several", "several", "effective number of values", several(by_value), **_untrained(several, by_value)
    ),
    Instrument(
        "lens_several",
        "several",
        "effective number, through the head",
        several(by_lens),
        **_untrained(several, by_lens),
    ),
    Instrument(
        "mirror",
        "read",
        "thoughts of the same facts, asked of another start",
        read_from(mirrored=True),
        control=read_from(mirrored=False),
        beside="those of the next problem",
    ),
    Instrument(
        "rewrite",
        "read",
        "frontier's part of a thought rewritten",
        rewritten(placebo=False),
        control=rewritten(placebo=True),
        beside="moved as far elsewhere",
        is_beyond=True,
    ),
    Instrument(
        "equal_nodes",
        "goal",
        "greater value on the node that leads to the target",
        prefers_the_goal(GOAL_AFTER),
        thresholds.SEES_GOAL,
        control=prefers_the_goal((0,)),
        beside="values without a thought",
    ),
    Instrument(
        "both_orders",
        "alone",
        "right at k = 0 in both orders, against the rule",
        right_in_both_orders(last=False),
        thresholds.MOST_PROBLEMS,
        control=right_in_both_orders(last=True),
        beside="the same after all thoughts",
    ),
    *(
        Instrument(
            name,
            name,
            f"wrong where the candidate {words} is",
            wrong_where(name, rule_is_right=False),
            thresholds.FOLLOWS_RULE,
            control=wrong_where(name, rule_is_right=True),
            beside="wrong where it is right",
            is_beyond=True,
        )
        for name, words in (
            ("fewer_parents", "with fewer parents"),
            ("named_first", "named first"),
            ("told_last", "that the facts name last"),
        )
    ),
)
