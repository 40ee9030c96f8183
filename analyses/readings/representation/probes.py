"""Linear probes: what can be read of a node from a vector, such as a thought, by who has seen other problems.

A probe is asked of one node at a time, given the vector h and the row u of the language head for the node's name. It
is a logistic regression on their products, coordinate by coordinate, h_i u_i: one probe for all names, whose score is
the inner product of h and u with a learned weight for each coordinate. Fitted on some problems and read on others by
TransformerLens (`tools.analysis.sparse_probing`), which holds out whole problems and chooses and scales coordinates by
those that it fits on alone. Concepts, for thought k:

    frontier    nodes exactly k steps away, among all others
    reachable   nodes at most k steps away, among all others
    depth       nodes exactly k steps away, among those that are nearer
    target      the right candidate, beside the other one

The start is not asked about. A probe shows what is there to be read, not that a model reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from analyses.readings.intervals import bootstrap_auc
from analyses.readings.name_tree import name_tokens
from coconut_core.encoding import Encoder
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem

CONCEPTS = ("frontier", "reachable", "depth", "target")
HELD_OUT = 0.5
"""Share of the problems, about, that a probe is read on."""
MOST_COORDINATES = 256
"""Coordinates that a probe may use."""
FEWEST = 4
"""Problems that have to have nodes of either kind, half of which are held out."""
PENALTY = 1e-2
"""Of the squared weights."""
SEED = 3


@dataclass(frozen=True)
class Asked:
    """The nodes that a concept is asked of: rows, one problem after the other."""

    problem: Int[np.ndarray, "row"]
    node: Int[np.ndarray, "row"]
    token: Int[np.ndarray, "row"]
    """The first token of the node's name."""
    label: Bool[np.ndarray, "row"]

    @property
    def fits(self) -> bool:
        """Whether enough problems have nodes of either kind."""
        return all(len(np.unique(self.problem[self.label == kind])) >= FEWEST for kind in (True, False))


@dataclass(frozen=True)
class Probe:
    """One probe on the problems that were held out."""

    asked: Asked
    """Of those problems."""
    score: Float[np.ndarray, "row"]
    """Log odds."""
    auc: float
    """Probability that a node of the concept has a greater score than another; 0.5 is chance."""
    shuffled: Float[np.ndarray, "draw"]
    """The same of probes that were fitted on shuffled labels: what is left without anything to learn."""
    weight: Float[np.ndarray, "d_model"]
    """Of h_i u_i in its score; 0 for coordinates that it does not use."""

    @property
    def problems(self) -> int:
        return len(np.unique(self.asked.problem))

    @property
    def interval(self) -> tuple[float, float]:
        """Of the AUC; bootstrap over problems."""
        label, score, problem = self.asked.label, self.score, self.asked.problem
        return bootstrap_auc(score[label], score[~label], (problem[label], problem[~label]))


def asked_of(model: CoconutModel, problems: Sequence[GraphProblem], concept: str, k: int) -> Asked:
    """The nodes that `concept` is asked of after `k` thoughts; `InputError` where a token does not tell nodes apart."""
    encoder = Encoder(model.tokenizer, model.method)
    rows = []
    for index, problem in enumerate(problems):
        tokens, depth = name_tokens(encoder, problem), problem.depth
        for node in range(len(problem.names)):
            label = _label(concept, node, problem, depth.get(node), k)
            if label is not None:
                rows.append((index, node, tokens[node], label))
    problem, node, token, label = np.array(rows, int).reshape(-1, 4).T
    return Asked(problem, node, token, label.astype(bool))


def _label(concept: str, node: int, problem: GraphProblem, depth: int | None, k: int) -> bool | None:
    """None for a node that is not asked about."""
    if concept == "target":
        offered = (problem.target, problem.distractor)
        return node == problem.target if node in offered and problem.distractor is not None else None
    if node == problem.root:
        return None
    if concept == "frontier":
        return depth == k
    within = depth is not None and depth <= k
    if concept == "reachable":
        return within
    return depth == k if within else None


def fit_probe(
    model: CoconutModel, vectors: Float[np.ndarray, "problem d_model"], asked: Asked, *, shuffles: int = 0
) -> Probe | None:
    """The probe of `asked` on the problems' vectors; None where too few problems have nodes of either kind.

    With `shuffles` it is fitted as often again on labels that are dealt anew among the rows that it is fitted on.
    """
    from transformer_lens.tools.analysis.sparse_probing import sweep_sparse_probe

    if not asked.fits:
        return None
    head = model.lm.get_output_embeddings().weight.detach().cpu().double()
    features = torch.tensor(vectors[asked.problem]).double() * head[torch.tensor(asked.token)]
    sweep = sweep_sparse_probe(
        features,
        torch.tensor(asked.label),
        ks=[min(features.shape[1], MOST_COORDINATES)],
        test_fraction=HELD_OUT,
        groups=torch.tensor(asked.problem),
        preprocess="standardize",
        l2_strength=PENALTY,
        n_label_shuffles=shuffles,
        seed=SEED,
    )
    (fitted,), (control,) = sweep.results, sweep.label_shuffle_controls
    held_out, chosen = fitted.test_indices, fitted.selected_features
    weight = torch.zeros(features.shape[1], dtype=torch.float64)
    weight[chosen] = fitted.coefficients / fitted.preprocess_scale
    scaled = (features[held_out][:, chosen] - fitted.preprocess_mean) / fitted.preprocess_scale
    score = scaled @ fitted.coefficients + fitted.intercept
    rows = Asked(*(each[held_out.numpy()] for each in (asked.problem, asked.node, asked.token, asked.label)))
    return Probe(rows, score.numpy(), fitted.metrics.roc_auc, control.roc_auc.numpy(), weight.numpy())
