"""What instruments find of models that know the answer without thinking, problem by problem.

`alone` asks again with the two candidates in the other order, of those problems alone that the task's rule gets wrong:
who guesses by order is right in one of the two, and who follows the rule in none. A rule of thumb is followed where
more is answered wrong on problems that the rule gets wrong than on those that it gets right. `goal` compares only nodes
of one problem at one distance with as many parents, so that neither depth nor degree tells them apart.
"""

from collections.abc import Callable

import numpy as np

from analyses.exam import thresholds
from analyses.exam.reading import Found
from analyses.readings.study import Study
from coconut_core.errors import InputError
from coconut_core.generation import Answers, answers
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.task import Rule

NAMED_FIRST = Rule("named_first", "Rule: named first", lambda problem: problem.choices[:1] == (problem.target,))
TOLD_LAST = Rule("told_last", "Rule: named last in the facts", lambda problem: _last_told(problem) == problem.target)
GOAL_AFTER = (1, 2)
"""Numbers of thoughts after which values of equal candidates are compared."""


def rules(study: Study) -> dict[str, Rule]:
    """Rules of thumb by name: the task's own, and two of order alone."""
    return {rule.name: rule for rule in (*study.task.rules, NAMED_FIRST, TOLD_LAST)}


def wrong_where(name: str, rule_is_right: bool) -> Callable[[Study], Found]:
    """Problems that are answered wrong after all thoughts, of those that the rule `name` gets right, or wrong."""

    def find(study: Study) -> Found:
        rule = rules(study).get(name)
        if rule is None:
            raise InputError(f"{study.task.title} has no such rule of thumb.")
        asked = np.array([rule.is_right(problem) == rule_is_right for problem in study.problems])
        return ~study.all_answers(study.model).correct[asked, -1]

    return find


def right_in_both_orders(last: bool) -> Callable[[Study], Found]:
    """Problems that the task's rules get wrong and the model right whichever candidate is named first, without any
    thought, or (`last`) after all."""

    def find(study: Study) -> Found:
        against = [not any(rule.is_right(problem) for rule in study.task.rules) for problem in study.problems]
        k = study.model.max_thoughts if last else 0
        right = study.all_answers(study.model).correct[:, k] & _turned(study, k).correct[:, 0]
        return right[np.array(against, bool)]

    return find


def prefers_the_goal(ks: tuple[int, ...]) -> Callable[[Study], Found]:
    """Problems in which most pairs of a node that leads to the target and one that does not, both at a distance of k
    and with as many parents, have the greater value on the first; only problems with such a pair."""

    def find(study: Study) -> Found:
        values, found = study.values(study.model), []
        for index, problem in enumerate(study.problems):
            pairs = [
                values.value[index, values.ks.index(k), good] - values.value[index, values.ks.index(k), bad]
                for k in ks
                for good, bad in _equal_pairs(problem, k)
            ]
            if pairs:
                found.append(np.mean(np.array(pairs) > thresholds.EQUAL_VALUES) > 0.5)
        return np.array(found, bool)

    return find


def _equal_pairs(problem: GraphProblem, k: int) -> list[tuple[int, int]]:
    nodes, parents = sorted(problem.candidates(k)), problem.graph.in_degree
    good, bad = ([node for node in nodes if (node in problem.correct) == leads] for leads in (True, False))
    return [(one, other) for one in good for other in bad if parents(one) == parents(other)]


def _turned(study: Study, k: int) -> Answers:
    """Answers to the problems with their candidates in the other order, after k thoughts."""
    problems = [study.task.turned_round(problem) for problem in study.problems]
    return answers(study.model.model, problems, ks=(k,))


def _last_told(problem: GraphProblem) -> int:
    """The candidate that the last fact about any of them names; -1 where the question offers none."""
    told = [node for fact in problem.facts for node in fact if node in problem.choices]
    return told[-1] if told else -1
