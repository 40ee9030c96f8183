"""How probable the right answer is, and the wrong one that the question offers, at the place of the answer.

After the question, k thoughts and `<eot>` the mark "###" is forced, and the value of an answer is the product of its
tokens' probabilities, each given the ones before: raw, never normalised over the two. What a model is asked here at
k = 0 is to answer at once, without a chain.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from analyses.readings.name_tree import NameTree
from analyses.readings.values import phrase_probabilities
from coconut_core.encoding import Encoder
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.task import ANSWER_MARK
from coconut_core.thoughts import ThoughtBatch


def offered_answers(problem: Problem) -> tuple[str, ...]:
    """The right answer, and behind it the wrong one where the question offers one."""
    if not isinstance(problem, GraphProblem) or problem.distractor is None:
        return (problem.answer,)
    return problem.answer, problem.answer.replace(problem.names[problem.target], problem.names[problem.distractor])


def answer_probabilities(
    model: CoconutModel, batch: ThoughtBatch, ks: Sequence[int]
) -> Float[np.ndarray, "problem k answer"]:
    """Probability in 0..1 of each of `offered_answers` after each of `ks` thoughts; NaN where there is no wrong one.

    The batch must hold as many thoughts as the largest k.

    >>> from coconut_core import load_model, load_problems
    >>> from coconut_core.thoughts import think_about
    >>> model, problem = load_model("prosqa_laptop").model, load_problems("laptop")[0]
    >>> right, wrong = answer_probabilities(model, think_about(model, [problem], 6), [6])[0, 0]
    >>> bool(right > wrong)
    True
    """
    encoder = Encoder(model.tokenizer, model.method)
    trees = []
    for problem in batch.problems:
        offered = offered_answers(problem)
        texts = [ANSWER_MARK, *(_marked(ANSWER_MARK, answer) for answer in offered)]
        tokens = dict(zip(texts, encoder.texts(texts), strict=True))
        tree = NameTree.of(tokens, encoder.unknown, ANSWER_MARK, offered, _marked)
        trees.append([tree] * len(ks))
    return phrase_probabilities(model, batch, ks, trees)[0]


def _marked(mark: str, answer: str) -> str:
    return f"{mark} {answer}"
