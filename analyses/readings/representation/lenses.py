"""What thoughts are read as through a lens: one score a node, of which only the order within a problem is used.

    logit      the row of the language head for the node's name, times the thought (nostalgebraist 2020)
    jacobian   the mean gradient of the name's logit, where the next step is named, by what is fed into the thought's
               slot, times the thought: what the rest of the model makes of it on average, to first order

The Jacobian lens is one for each thought: with k slots and the words that open a step after them, as for values, J_k is
the mean over problems of the Jacobian from slot k to the last state, of which only the rows that names read are taken.
(`transformer_lens.tools.analysis.jacobian_lens` fits texts alone, and has no slots.) The name of a node is its first
token.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from analyses.readings.name_tree import name_tokens
from coconut_core.columns import CONTINUATION, Columns, ColumnWriter, address
from coconut_core.encoding import EncodedQuestion, Encoder
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of
from coconut_core.thoughts import think_about

LENSES = ("logit", "jacobian")
FITTED = 16
"""Problems that the Jacobian lens is the mean of."""


def node_scores(
    model: CoconutModel, problems: Sequence[GraphProblem], thoughts: Float[Tensor, "problem thought d_model"], lens: str
) -> list[Float[np.ndarray, "thought node"]]:
    """Scores of all nodes of each problem by one of `LENSES`; `InputError` where a token does not tell nodes apart."""
    encoder = Encoder(model.tokenizer, model.method)
    tokens = [name_tokens(encoder, problem) for problem in problems]
    rows = model.lm.get_output_embeddings().weight.detach()
    if lens == "logit":
        by_thought = [rows] * thoughts.shape[1]
    else:
        read = sorted({token for of_problem in tokens for token in of_problem})
        by_thought = [jacobian_rows(model, problems[:FITTED], read, k) for k in range(1, thoughts.shape[1] + 1)]
    pairs = zip(thoughts.cpu().double().unbind(1), by_thought, strict=True)
    scores = [states @ each.double().cpu().T for states, each in pairs]
    return [torch.stack([each[index, of] for each in scores]).numpy() for index, of in enumerate(map(list, tokens))]


def jacobian_rows(
    model: CoconutModel, problems: Sequence[GraphProblem], tokens: Sequence[int], k: int
) -> Float[Tensor, "vocab d_model"]:
    """Of each of `tokens`, the mean gradient of its logit by what is fed into slot k; 0 for other tokens."""
    fed = []

    def leaf(at: int, content: Tensor) -> Tensor:
        if at == k:
            fed.append(content.detach().requires_grad_())
            return fed[-1]
        return content.detach()

    with torch.enable_grad():
        batch = think_about(model, problems, k, edit=leaf)
        columns, ends = _opened(model, batch.questions, problems, k)
        hidden, _ = model.continue_from(batch.thoughts, columns)
        logits = model.logits(hidden[range(len(problems)), ends])
        found = torch.zeros(logits.shape[1], hidden.shape[-1], dtype=hidden.dtype)
        gradient = partial(torch.autograd.grad, inputs=fed[-1], retain_graph=True)
        for token in tokens:
            (own,) = gradient(logits[:, token].sum())
            found[token] = own.mean((0, 1)).cpu()
    return found


def _opened(
    model: CoconutModel, questions: Sequence[EncodedQuestion], problems: Sequence[GraphProblem], k: int
) -> tuple[Columns, list[int]]:
    """The columns that open a step after k thoughts, and the last one of each problem, behind which it is named."""
    task, encoder, slots = task_of(problems), Encoder(model.tokenizer, model.method), model.method.slot_count(k)
    usual = next(iter(task.openings))
    stems = [
        [question.opening, *encoder.texts([task.opening(problem, k, usual)])[0]]
        for problem, question in zip(problems, questions, strict=True)
    ]
    columns = ColumnWriter(len(stems), max(map(len, stems)), model.tokens.padding)
    for row, (stem, question) in enumerate(zip(stems, questions, strict=True)):
        enter = address(0, slots, 0)
        columns.write(row, 0, stem, len(question.ids) + slots, enter, enter + CONTINUATION - 1)
    return columns.columns().to(model.device), [len(stem) - 1 for stem in stems]
