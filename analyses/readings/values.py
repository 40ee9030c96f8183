"""The implicit value function: how probable a node's name is as the next word, after k thoughts.

Definition (paper section 5, figure 7 of v2). After the question, `<bot>`, k thoughts and `<eot>`, the text "Every" is
forced, and the value of a node is the probability of its name as the next word: the product of its tokens'
probabilities, each given the ones before. Values are raw: they are never normalised over the candidates. With no
thought a chain begins with the root ("Tom is a ..."), so at k = 0 either this opening ("entity") or "Every" ("every")
is forced.

Beside the values stand three masses that sum to one with nothing hidden: on the candidates (nodes at a distance of
exactly max(k, 1) from the root), on the graph's other nodes, and off the graph.

Every k and node is read from one encoding of the question; names that begin with the same tokens share them.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float

from analyses.readings.name_tree import NameTree, name_trees
from coconut_core.columns import CONTINUATION, ColumnWriter, address
from coconut_core.encoding import Encoder, batches, pad_left
from coconut_core.errors import InputError
from coconut_core.generation import chain_opening
from coconut_core.model import CoconutModel, Edit
from coconut_core.problems.graph import depths, frontier, heights, optimal_nodes, reaches
from coconut_core.problems.prosqa.problem import ProsqaProblem

Opening = Literal["entity", "every"]


@dataclass(frozen=True)
class NodeValues:
    """Implicit values of every node of every problem after every number of thoughts."""

    problems: tuple[ProsqaProblem, ...]
    ks: tuple[int, ...]
    opening: Opening
    """What was forced at k = 0: the root ("Tom is a") or "Every". Later thoughts are always read after "Every"."""
    value: Float[np.ndarray, "problem k node"]
    """Raw probability of the node's name, in [0, 1]; NaN beyond the problem's own nodes."""
    nested: Float[np.ndarray, "problem k node"]
    """What of each value is that of longer names that go on the node's (`name_tree.py`): 0 where a name is one token.
    """

    @cached_property
    def candidates(self) -> Bool[np.ndarray, "problem k node"]:
        """Nodes at a distance of exactly max(k, 1) from the root."""
        mask = np.zeros(self.value.shape, bool)
        for index, problem in enumerate(self.problems):
            for at, k in enumerate(self.ks):
                mask[index, at, list(frontier(problem.graph, problem.root, k))] = True
        return mask

    @property
    def candidate_mass(self) -> Float[np.ndarray, "problem k"]:
        """Probability that the next name is a candidate: the sum of their values, without what is nested in them."""
        return np.where(self.candidates, self.value - self.nested, 0).sum(-1)

    @property
    def other_mass(self) -> Float[np.ndarray, "problem k"]:
        """Probability that it is another node of the problem."""
        return np.nansum(np.where(self.candidates, 0, self.value - self.nested), -1)

    @property
    def off_graph(self) -> Float[np.ndarray, "problem k"]:
        """Probability of every word that is no node of the problem, in [0, 1]."""
        # What is below zero is rounding.
        return np.maximum(0.0, 1.0 - np.nansum(self.value - self.nested, -1))

    @property
    def masses(self) -> "Masses":
        candidate = np.where(self.candidates.any(-1), self.candidate_mass, np.nan)
        return Masses(self.ks, candidate, self.other_mass, self.off_graph)

    def frame(self, first: int = 0) -> pd.DataFrame:
        """One row a problem, k and node; problems are numbered from `first` on.

        Depth is empty for nodes out of the root's reach; rank 1 is the largest value among all nodes of the problem at
        that k, ties sharing the best rank.
        """
        rows: dict[str, list] = {name: [] for name in _COLUMNS}
        for index, problem in enumerate(self.problems):
            nodes, value = range(len(problem.names)), self.value[index, :, : len(problem.names)]
            depth = depths(problem.graph, problem.root)
            shortest, longest = (heights(problem.graph, kind) for kind in ("shortest", "longest"))
            reaching, parents = reaches(problem.graph, problem.target), dict(problem.graph.in_degree())
            optimal = optimal_nodes(problem.graph, problem.root, problem.target)
            by_node = {
                "node": list(nodes),
                "name": list(problem.names),
                "depth": [depth.get(node) for node in nodes],
                "height_shortest": [shortest[node] for node in nodes],
                "height_longest": [longest[node] for node in nodes],
                "reaches_target": [node in reaching for node in nodes],
                "on_shortest_path": [node in optimal for node in nodes],
                "in_degree": [parents[node] for node in nodes],
            }
            for name, column in by_node.items():
                rows[name] += column * len(self.ks)
            rows["problem"] += [first + index] * value.size
            for k in self.ks:
                rows["k"] += [k] * len(nodes)
                rows["opening"] += [self.opening if k == 0 else "every"] * len(nodes)
            rows["value"] += value.ravel().tolist()
            rows["rank"] += ((value[:, None, :] > value[:, :, None]).sum(2) + 1).ravel().tolist()
            rows["candidate"] += self.candidates[index, :, : len(nodes)].ravel().tolist()
        return pd.DataFrame(rows).astype({"depth": "Int64"})


@dataclass(frozen=True)
class Masses:
    """Where the probability of the next name lies; the three sum to one where there are candidates."""

    ks: tuple[int, ...]
    candidate: Float[np.ndarray, "problem k"]
    """NaN for a problem without a node at that distance."""
    other: Float[np.ndarray, "problem k"]
    off_graph: Float[np.ndarray, "problem k"]

    @classmethod
    def joined(cls, parts: Sequence["Masses"]) -> "Masses":
        """Those of one set of problems, from those of its parts in order."""
        masses = [(part.candidate, part.other, part.off_graph) for part in parts]
        return cls(parts[0].ks, *(np.concatenate(mass) for mass in zip(*masses, strict=True)))

    def summary(self) -> pd.DataFrame:
        """One row a k: n problems, how many of them have candidates, median and mean of the candidate mass of those;
        the means of the other two masses, of all."""
        candidate = pd.DataFrame(self.candidate, columns=self.ks)
        return pd.DataFrame(
            {
                "k": self.ks,
                "n": len(candidate),
                "with_candidates": candidate.count().to_numpy(),
                "candidate_mass_median": candidate.median().to_numpy(),
                "candidate_mass": candidate.mean().to_numpy(),
                "other_mass": self.other.mean(0),
                "off_graph": self.off_graph.mean(0),
            }
        )


_COLUMNS = ("problem", "k", "opening", "node", "name", "value", "rank", "candidate", "depth")
_COLUMNS += ("height_shortest", "height_longest", "reaches_target", "on_shortest_path", "in_degree")


@torch.inference_mode()
def node_values(
    model: CoconutModel,
    problems: Sequence[ProsqaProblem],
    *,
    ks: Sequence[int] = range(7),
    opening: Opening = "entity",
    edit: Edit | None = None,
    removed: Collection[int] = (),
    batch_size: int = 32,
    progress: Callable[[int], None] | None = None,
) -> NodeValues:
    """Values of all nodes of `problems` after each of `ks` thoughts, in batches, one encoding a question.

    `edit` and `removed` change thoughts as in `CoconutModel.think`. `progress` hears after each batch how many problems
    are done.
    """
    if opening not in get_args(Opening):
        raise InputError(f"opening: {opening!r} is unknown; use one of {', '.join(get_args(Opening))}.")
    ks, problems = tuple(ks), tuple(problems)
    nodes = max((len(problem.names) for problem in problems), default=0)
    value = np.full((len(problems), len(ks), nodes), np.nan)
    nested = value.copy()
    for indices in batches(problems, batch_size, progress):
        part = [problems[index] for index in indices]
        for index, by_k in zip(indices, _batch_values(model, part, ks, opening, edit, removed), strict=True):
            for at, (tree, values) in enumerate(by_k):
                value[index, at, : len(values)], nested[index, at, : len(values)] = values, 0
                for longer, shorter in enumerate(tree.within):
                    if shorter >= 0:
                        nested[index, at, shorter] += values[longer]
    return NodeValues(problems, ks, opening, value, nested)


def _batch_values(
    model: CoconutModel,
    problems: Sequence[ProsqaProblem],
    ks: tuple[int, ...],
    opening: Opening,
    edit: Edit | None,
    removed: Collection[int],
) -> list[list[tuple[NameTree, Float[np.ndarray, "node"]]]]:
    """Names and their values, by problem of a batch and k."""
    encoder = Encoder(model.tokenizer, model.method)
    questions = encoder.questions([problem.question for problem in problems])
    thoughts = model.think(
        *pad_left(questions, encoder.tokens.padding, model.device), max(ks), edit=edit, removed=removed
    )
    trees = name_trees(encoder, problems, [[_opening(problem, k, opening) for k in ks] for problem in problems])
    width = max(sum(len(tree.opening) + len(tree.parent) for tree in row) for row in trees)
    columns = ColumnWriter(len(problems), width, encoder.tokens.padding)
    owner, place, token = [], [], []
    for row, by_k in enumerate(trees):
        start, bot = 0, len(questions[row].ids) - 1
        for index, (k, tree) in enumerate(zip(ks, by_k, strict=True)):
            slots = model.method.slot_count(k)
            enter = address(0, slots, index)
            stem = [questions[row].opening, *tree.opening]
            columns.write(row, start, stem, bot + slots + 1, enter, enter + CONTINUATION - 1)
            root, depth, enter = start + len(stem) - 1, bot + slots + len(stem), enter + len(stem) - 1
            for at in range(1, len(tree.parent)):
                columns.write(
                    row,
                    root + at,
                    [tree.token[at]],
                    depth + tree.depth[at],
                    enter + at,
                    enter + tree.last[at],
                )
            for name, reads in enumerate(tree.reads):
                owner += [(row, index, name)] * len(reads)
                place += [row * width + root + at for at, _ in reads]
                token += [then for _, then in reads]
            start = root + len(tree.parent)
    laid_out = columns.columns()
    model.require_positions(int(laid_out.position.max()) + 1)
    hidden, _ = model.continue_from(thoughts, laid_out.to(model.device))
    places, which = torch.tensor(place).unique(return_inverse=True)
    log_probability = model.logits(hidden.flatten(0, 1)[places]).double().log_softmax(-1).cpu()
    total = torch.zeros(len(problems), len(ks), max(len(problem.names) for problem in problems)).double()
    total.index_put_(tuple(torch.tensor(owner).T), log_probability[which, torch.tensor(token)], accumulate=True)
    value = total.exp().numpy()
    return [
        [(tree, value[row, at, : len(tree.reads)]) for at, tree in enumerate(by_k)] for row, by_k in enumerate(trees)
    ]


def _opening(problem: ProsqaProblem, k: int, opening: Opening) -> str:
    return chain_opening(problem, k) if opening == "entity" else "Every"
