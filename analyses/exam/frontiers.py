"""What instruments find of the frontier in thought k, problem by problem: through language, the head, or a probe."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float

from analyses.exam import thresholds
from analyses.exam.reading import Found
from analyses.readings.name_tree import name_tokens
from analyses.readings.representation.probes import asked_of, fit_probe
from analyses.readings.study import Study, Subject
from coconut_core.encoding import Encoder

Read = Callable[[Study, Subject], list[Float[np.ndarray, "node"]]]


def _frontiers(study: Study) -> list[tuple[int, list[int]]]:
    """Index and frontier of every problem with several nodes at the distance that is examined."""
    frontiers = [sorted(problem.candidates(thresholds.EXAMINED_AFTER)) for problem in study.problems]
    return [(index, nodes) for index, nodes in enumerate(frontiers) if len(nodes) >= 2]


def by_value(study: Study, subject: Subject) -> list[Float[np.ndarray, "node"]]:
    """The frontier's implicit values on each of these problems."""
    values = study.values(subject)
    at = values.ks.index(thresholds.EXAMINED_AFTER)
    return [values.value[index, at, nodes] for index, nodes in _frontiers(study)]


def by_lens(study: Study, subject: Subject) -> list[Float[np.ndarray, "node"]]:
    """The frontier's probabilities where the thought is read through the head, as a word would be."""
    model = subject.model
    thought = study.thoughts(subject)[:, thresholds.EXAMINED_AFTER - 1]
    with torch.inference_mode():
        probability = model.logits(thought.to(model.device)).double().softmax(-1).cpu().numpy()
    encoder = Encoder(model.tokenizer, model.method)
    return [
        probability[index, np.array(name_tokens(encoder, study.problems[index]))[nodes]]
        for index, nodes in _frontiers(study)
    ]


def probed(subject: int = 0) -> Callable[[Study], Found]:
    """Of these problems, those that a probe of thought k was not fitted on: whether the node that it holds most likely
    to be of the frontier is."""

    def find(study: Study) -> Found:
        own, k = study.subjects[subject], thresholds.EXAMINED_AFTER
        asked = asked_of(own.model, study.problems, "frontier", k)
        probe = fit_probe(own.model, study.thoughts(own)[:, k - 1].double().numpy(), asked)
        if probe is None:
            return np.zeros(0, bool)
        of_problem = {index: probe.asked.problem == index for index, _ in _frontiers(study)}
        return np.array(
            [probe.asked.label[own][probe.score[own].argmax()] for own in of_problem.values() if own.any()], bool
        )

    return find


def holds(read: Read, subject: int = 0) -> Callable[[Study], Found]:
    """Problems whose frontier holds most of the mass, in a subject of the study: the model, or -1, the untrained."""
    return lambda study: np.array(
        [each.sum() >= thresholds.MOST_OF_THE_MASS for each in read(study, study.subjects[subject])], bool
    )


def effective_number(values: Float[np.ndarray, "node"]) -> float:
    """exp(H) of the nodes' shares of their mass; NaN where they do not hold most of it."""
    if values.sum() < thresholds.MOST_OF_THE_MASS:
        return float("nan")
    share = values[values > 0] / values.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def branches(study: Study) -> Float[np.ndarray, "problem"]:
    """The effective number of nodes of each frontier of several, by value; NaN where it does not hold the mass."""
    return np.array([effective_number(values) for values in by_value(study, study.model)])


def several(read: Read, subject: int = 0) -> Callable[[Study], Found]:
    return lambda study: np.array(
        [effective_number(each) >= thresholds.SEVERAL for each in read(study, study.subjects[subject])], bool
    )
