"""The instruments that are examined: each asks one question of a model, problem by problem.

A reading is the share of problems on which the instrument found what it looks for, with its interval; `said` turns it
into yes, no or "cannot be told" by the thresholds of `thresholds.py`. Questions:

used
    Do answers depend on what is fed into the slots?
frontier
    Does thought k hold nodes at a distance of k?
several
    Does it hold several of them at once?

Instruments for "used" change or drop what is fed into all slots (`readings/changed_thoughts.py`), and find a problem
whose answer is then another one; or compare numbers of thoughts, and find one that is wrong before there are as many
thoughts as steps and right from then on. Instruments for the other two read thought k on the problems that have several
nodes at that distance: through language (the implicit value, with "Every" forced) or through the head (the logit lens,
nostalgebraist 2020, on the thought itself). The effective number of nodes is exp(H), H the entropy of the shares that
the frontier's nodes have of its mass, as in `figures/commitment.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from analyses.exam import thresholds
from analyses.readings.changed_thoughts import changed_answers
from analyses.readings.intervals import wilson
from analyses.readings.name_tree import name_tokens
from analyses.readings.study import Study
from coconut_core.encoding import Encoder

OPEN = "cannot be told"
QUESTIONS = {
    "used": "Are the thoughts used?",
    "frontier": "Does thought k hold nodes at a distance of k?",
    "several": "Does it hold several at once?",
}


@dataclass(frozen=True)
class Reading:
    """What an instrument found."""

    found: int
    """Problems on which it found what it looks for."""
    n: int
    """Problems that it could be looked for on."""

    @property
    def share(self) -> float:
        """In [0, 1]; NaN where there was no such problem."""
        return self.found / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.found, self.n, thresholds.CONFIDENCE)

    @property
    def said(self) -> str:
        """What follows from the interval: "yes", "no" or "cannot be told"."""
        low, high = self.interval
        if low > thresholds.LEAST_SHARE:
            return "yes"
        return "no" if high < thresholds.LEAST_SHARE else OPEN


@dataclass(frozen=True)
class Instrument:
    """One way to look."""

    name: str
    question: str
    """One of `QUESTIONS`."""
    title: str
    find: Callable[[Study], Bool[np.ndarray, "problem"]]
    """Whether it finds what it looks for on each problem that it could be looked for on, in a study of one model."""

    def read(self, study: Study) -> Reading:
        found = self.find(study)
        return Reading(int(found.sum()), len(found))


def _changed(kind: str) -> Callable[[Study], Bool[np.ndarray, "problem"]]:
    """Problems whose answer is another one when all slots are changed as `kind` says."""

    def find(study: Study) -> Bool[np.ndarray, "problem"]:
        model, count = study.model.model, study.model.max_thoughts
        fed = model.slot_content(study.all_thoughts(study.model).to(model.device)).cpu()
        changed = changed_answers(model, study.problems, count, kind, range(1, count + 1), fed)
        unchanged = study.all_answers(study.model).text
        return _differ(study, [text for (text,) in changed.text], [row[-1] for row in unchanged])

    return find


def _dropped(study: Study) -> Bool[np.ndarray, "problem"]:
    """Problems whose answer without any thought is another one than after all."""
    texts = study.all_answers(study.model).text
    return _differ(study, [row[0] for row in texts], [row[-1] for row in texts])


def _differ(study: Study, some: Sequence[str], other: Sequence[str]) -> Bool[np.ndarray, "problem"]:
    final = study.task.final_answer
    return np.array([final(a) != final(b) for a, b in zip(some, other, strict=True)], bool)


def _at_its_step(study: Study) -> Bool[np.ndarray, "problem"]:
    """Problems of h steps that are wrong after fewer than h thoughts, each time, and right after h and more."""
    written = study.all_answers(study.model)
    found = []
    for problem, right in zip(study.problems, written.correct, strict=True):
        steps = problem.depth.get(problem.target)
        if steps is not None and 1 <= steps <= written.ks[-1]:
            found.append(not right[:steps].any() and bool(right[steps:].all()))
    return np.array(found, bool)


def _frontiers(study: Study) -> list[tuple[int, list[int]]]:
    """Index and frontier of every problem with several nodes at the distance that is examined."""
    frontiers = [sorted(problem.candidates(thresholds.EXAMINED_AFTER)) for problem in study.problems]
    return [(index, nodes) for index, nodes in enumerate(frontiers) if len(nodes) >= 2]


def _by_value(study: Study) -> list[Float[np.ndarray, "node"]]:
    """The frontier's implicit values on each of these problems."""
    values = study.values(study.model)
    at = values.ks.index(thresholds.EXAMINED_AFTER)
    return [values.value[index, at, nodes] for index, nodes in _frontiers(study)]


def _by_lens(study: Study) -> list[Float[np.ndarray, "node"]]:
    """The frontier's probabilities where the thought is read through the head, as a word would be."""
    model = study.model.model
    thought = study.thoughts(study.model)[:, thresholds.EXAMINED_AFTER - 1]
    with torch.inference_mode():
        probability = model.logits(thought.to(model.device)).double().softmax(-1).cpu().numpy()
    encoder = Encoder(model.tokenizer, model.method)
    return [
        probability[index, np.array(name_tokens(encoder, study.problems[index]))[nodes]]
        for index, nodes in _frontiers(study)
    ]


def _holds(read: Callable[[Study], list[Float[np.ndarray, "node"]]]) -> Callable[[Study], Bool[np.ndarray, "problem"]]:
    return lambda study: np.array([each.sum() >= thresholds.MOST_OF_THE_MASS for each in read(study)], bool)


def _several(
    read: Callable[[Study], list[Float[np.ndarray, "node"]]],
) -> Callable[[Study], Bool[np.ndarray, "problem"]]:
    def several(values: Float[np.ndarray, "node"]) -> bool:
        if values.sum() < thresholds.MOST_OF_THE_MASS:
            return False
        share = values[values > 0] / values.sum()
        return bool(np.exp(-(share * np.log(share)).sum()) >= thresholds.SEVERAL)

    return lambda study: np.array([several(each) for each in read(study)], bool)


INSTRUMENTS = (
    Instrument("zero", "used", "all thoughts zero", _changed("zero")),
    Instrument("mean", "used", "all thoughts the mean over problems", _changed("mean")),
    Instrument("noise", "used", "all thoughts noise of their length", _changed("noise")),
    Instrument("swap", "used", "another problem's thoughts", _changed("swap")),
    Instrument("remove", "used", "thoughts hidden from what follows", _changed("remove")),
    Instrument("no_thoughts", "used", "no thoughts instead of all", _dropped),
    Instrument("at_its_step", "used", "wrong before, right from k = steps on", _at_its_step),
    Instrument("value", "frontier", "value of the frontier", _holds(_by_value)),
    Instrument("lens", "frontier", "thought read through the head", _holds(_by_lens)),
    Instrument("value_several", "several", "effective number of values", _several(_by_value)),
    Instrument("lens_several", "several", "effective number, through the head", _several(_by_lens)),
)
