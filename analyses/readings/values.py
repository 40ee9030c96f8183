"""The implicit value function: how probable a node's name is as the next word, after k thoughts.

Definition (paper section 5, figure 7 of v2). After the question, `<bot>`, k thoughts and `<eot>`, the words that open a
step are forced, and the value of a node is the probability of its name as the next word: the product of its tokens'
probabilities, each given the ones before. Values are raw: they are never normalised over the candidates. Which words
open a step after k thoughts is the task's to say; at k = 0, where a chain may open in several ways, `opening` chooses.

Beside the values stand three masses that sum to one with nothing hidden: on the candidates (`GraphProblem.candidates`),
on the graph's other nodes, and off the graph.

Every k, opening and node is read from one encoding of the question; names that begin with the same tokens share them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float

from analyses.readings.masses import Masses, ValuesAt
from analyses.readings.name_tree import NameTree, name_trees
from coconut_core.columns import CONTINUATION, ColumnWriter, address
from coconut_core.edits.record import Edit
from coconut_core.edits.thinking import thinking
from coconut_core.encoding import EncodedQuestion, Encoder, batches
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.graph import heights
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.registry import task_of
from coconut_core.problems.task import Task
from coconut_core.thoughts import ThoughtBatch

Branch = tuple[int, str]
"""A number of thoughts k, and the name of the opening that is forced after them."""


@dataclass(frozen=True)
class NodeValues:
    """Implicit values of every node of every problem after every number of thoughts."""

    problems: tuple[GraphProblem, ...]
    ks: tuple[int, ...]
    opening: str
    """Name of what was forced at k = 0 (`Task.openings`)."""
    value: Float[np.ndarray, "problem k node"]
    """Raw probability of the node's name, in [0, 1], 0 where no step can name it (`GraphProblem.phrases`); NaN beyond
    the problem's own nodes."""
    shared_with_longer_names: Float[np.ndarray, "problem k node"]
    """What of each value belongs to longer names that begin with the node's (`name_tree.py`): 0 where a name is one
    token."""

    def at(self, problem: int, k: int) -> ValuesAt:
        """Values and masses of one problem after k thoughts."""
        index = self.ks.index(k)
        masses = (self.candidate_mass, self.other_mass, self.off_graph)
        nodes = len(self.problems[problem].names)
        return ValuesAt(self.value[problem, index, :nodes], *(float(mass[problem, index]) for mass in masses))

    @cached_property
    def candidates(self) -> Bool[np.ndarray, "problem k node"]:
        """Nodes that may be named next (`GraphProblem.candidates`)."""
        mask = np.zeros(self.value.shape, bool)
        for index, problem in enumerate(self.problems):
            for at, k in enumerate(self.ks):
                mask[index, at, list(problem.candidates(k))] = True
        return mask

    @property
    def _own(self) -> Float[np.ndarray, "problem k node"]:
        """Probability of each name that is not a longer name's."""
        return self.value - self.shared_with_longer_names

    @property
    def candidate_mass(self) -> Float[np.ndarray, "problem k"]:
        """Probability that the next name is a candidate: the sum of their values, each name counted once."""
        return np.where(self.candidates, self._own, 0).sum(-1)

    @property
    def other_mass(self) -> Float[np.ndarray, "problem k"]:
        """Probability that it is another node of the problem."""
        return np.nansum(np.where(self.candidates, 0, self._own), -1)

    @property
    def off_graph(self) -> Float[np.ndarray, "problem k"]:
        """Probability of every word that is not the name of a node of the problem, in [0, 1]."""
        # What is below zero is rounding.
        return np.maximum(0.0, 1.0 - np.nansum(self._own, -1))

    @property
    def masses(self) -> Masses:
        candidate = np.where(self.candidates.any(-1), self.candidate_mass, np.nan)
        return Masses(self.ks, candidate, self.other_mass, self.off_graph)

    def frame(self, first: int = 0) -> pd.DataFrame:
        """One row a problem, k and node; problems are numbered from `first` on.

        Depth is empty for nodes out of the root's reach; rank 1 is the largest value among all nodes of the problem at
        that k, ties sharing the best rank.
        """
        rows: dict[str, list] = {name: [] for name in _COLUMNS}
        task = task_of(self.problems)
        for index, problem in enumerate(self.problems):
            nodes, value = range(len(problem.names)), self.value[index, :, : len(problem.names)]
            depth, parents = problem.depth, dict(problem.graph.in_degree())
            shortest, longest = (heights(problem.graph, kind) for kind in ("shortest", "longest"))
            by_node = {
                "node": list(nodes),
                "name": list(problem.names),
                "depth": [depth.get(node) for node in nodes],
                "height_shortest": [shortest[node] for node in nodes],
                "height_longest": [longest[node] for node in nodes],
                "reaches_target": [node in problem.correct for node in nodes],
                "on_shortest_path": [node in problem.optimal for node in nodes],
                "in_degree": [parents[node] for node in nodes],
            }
            for name, column in by_node.items():
                rows[name] += column * len(self.ks)
            rows["problem"] += [first + index] * value.size
            for k in self.ks:
                rows["k"] += [k] * len(nodes)
                rows["opening"] += [task.opening_at(k, self.opening)] * len(nodes)
            rows["value"] += value.ravel().tolist()
            rows["rank"] += ((value[:, None, :] > value[:, :, None]).sum(2) + 1).ravel().tolist()
            rows["candidate"] += self.candidates[index, :, : len(nodes)].ravel().tolist()
        return pd.DataFrame(rows).astype({"depth": "Int64"})


_COLUMNS = ("problem", "k", "opening", "node", "name", "value", "rank", "candidate", "depth")
_COLUMNS += ("height_shortest", "height_longest", "reaches_target", "on_shortest_path", "in_degree")


@torch.inference_mode()
def node_values(
    model: CoconutModel,
    problems: Sequence[GraphProblem],
    *,
    ks: Sequence[int] = range(7),
    opening: str | None = None,
    edits: Sequence[Edit] = (),
    donors: Sequence[Problem] | None = None,
    batch_size: int = 32,
    progress: Callable[[int], None] | None = None,
) -> NodeValues:
    """Values of all nodes of `problems` after each of `ks` thoughts, in batches, one encoding a question.

    `opening` names what is forced at k = 0, the task's usual way if None. `edits` and
    `donors` as in `answers`. `progress` is called after each batch with the number of problems that are done.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("laptop")[:20]
    >>> values = node_values(load_model("prosqa_laptop").model, problems, ks=(0, 1))
    >>> values.value.shape[:2], bool(values.candidate_mass.mean() > 0.9)
    ((20, 2), True)
    """
    ks, problems, task = tuple(ks), tuple(problems), task_of(problems)
    opening = usual_opening(task, opening)
    branches = [(k, opening) for k in ks]
    nodes = max((len(problem.names) for problem in problems), default=0)
    value = np.full((len(problems), len(ks), nodes), np.nan)
    shared = value.copy()
    think = thinking(model, problems, max(ks), edits, donors)
    for indices in batches(problems, batch_size, progress):
        for array, part in zip((value, shared), branch_values(*think(indices), branches), strict=True):
            array[indices, :, : part.shape[2]] = part
    return NodeValues(problems, ks, opening, value, shared)


def usual_opening(task: Task, opening: str | None) -> str:
    """`opening`, or the task's usual one if None; `InputError` if the task has no such opening, or no graph."""
    task.require_graph("The implicit value")
    if opening is not None and opening not in task.openings:
        raise InputError(f"opening: {opening!r} is unknown; use one of {', '.join(task.openings)}.")
    return next(iter(task.openings)) if opening is None else opening


@torch.inference_mode()
def branch_values(
    model: CoconutModel, batch: ThoughtBatch, branches: Sequence[Branch]
) -> tuple[Float[np.ndarray, "problem branch node"], Float[np.ndarray, "problem branch node"]]:
    """Values on every branch of a batch, and what of them longer names share; NaN beyond a problem's own nodes.

    The batch must hold as many thoughts as the largest k of `branches`.
    """
    task = task_of(batch.problems)
    openings = [[task.opening(problem, k, opening) for k, opening in branches] for problem in batch.problems]
    return values_after(model, batch, [k for k, _ in branches], openings)


@torch.inference_mode()
def values_after(
    model: CoconutModel, batch: ThoughtBatch, ks: Sequence[int], openings: Sequence[Sequence[str]]
) -> tuple[Float[np.ndarray, "problem branch node"], Float[np.ndarray, "problem branch node"]]:
    """As `branch_values`, after each of `ks` thoughts and the words that `openings` hold, by problem and branch."""
    encoder = Encoder(model.tokenizer, model.method)
    trees = name_trees(encoder, batch.problems, openings)
    return phrase_probabilities(model, batch, ks, trees)


@torch.inference_mode()
def phrase_probabilities(
    model: CoconutModel, batch: ThoughtBatch, ks: Sequence[int], trees: Sequence[Sequence[NameTree]]
) -> tuple[Float[np.ndarray, "problem branch phrase"], Float[np.ndarray, "problem branch phrase"]]:
    """Raw probabilities of phrases after forced words: for each problem a branch for each of `ks`, after so many
    thoughts, with the words and phrases of its tree. Also what of them longer phrases share; NaN beyond a tree's own.
    """
    encoder = Encoder(model.tokenizer, model.method)
    width = max(sum(len(tree.opening) + len(tree.parent) for tree in row) for row in trees)
    columns = ColumnWriter(len(trees), width, encoder.tokens.padding)
    reads = [
        (row, index, name, row * width + at, token)
        for row, (question, by_branch) in enumerate(zip(batch.questions, trees, strict=True))
        for index, name, at, token in _lay_out(columns, row, model, question, ks, by_branch)
    ]
    laid_out = columns.columns()
    model.require_positions(int(laid_out.position.max()) + 1)
    hidden, _ = model.continue_from(batch.thoughts, laid_out.to(model.device))
    row, index, name, place, token = torch.tensor(reads, dtype=torch.long).reshape(-1, 5).T
    places, which = place.unique(return_inverse=True)
    log_probability = model.logits(hidden.flatten(0, 1)[places.to(hidden.device)]).double().log_softmax(-1).cpu()
    total = torch.zeros(len(trees), len(ks), max(len(tree.reads) for row in trees for tree in row)).double()
    total.index_put_((row, index, name), log_probability[which, token], accumulate=True)
    value = total.exp().numpy()
    shared = np.zeros_like(value)
    for problem, by_branch in enumerate(trees):
        for branch, tree in enumerate(by_branch):
            value[problem, branch, [node for node, pairs in enumerate(tree.reads) if not pairs]] = 0.0
            value[problem, branch, len(tree.reads) :] = shared[problem, branch, len(tree.reads) :] = np.nan
            for longer, shorter in enumerate(tree.within):
                if shorter >= 0:
                    shared[problem, branch, shorter] += value[problem, branch, longer]
    return value, shared


def _lay_out(
    columns: ColumnWriter,
    row: int,
    model: CoconutModel,
    question: EncodedQuestion,
    ks: Sequence[int],
    trees: Sequence[NameTree],
) -> list[tuple[int, int, int, int]]:
    """Write the name trees of one problem, branch after branch.

    Returns (branch, name, column, next token) of every probability that is read.
    """
    reads, start, begin = [], 0, len(question.ids)
    for index, (k, tree) in enumerate(zip(ks, trees, strict=True)):
        slots = model.method.slot_count(k)
        enter = address(0, slots, index)
        stem = [question.opening, *tree.opening]
        columns.write(row, start, stem, begin + slots, enter, enter + CONTINUATION - 1)
        root, depth, enter = start + len(stem) - 1, begin + slots + len(stem) - 1, enter + len(stem) - 1
        for at in range(1, len(tree.parent)):
            columns.write(row, root + at, [tree.token[at]], depth + tree.depth[at], enter + at, enter + tree.last[at])
        reads += [(index, name, root + at, then) for name, pairs in enumerate(tree.reads) for at, then in pairs]
        start = root + len(tree.parent)
    return reads
