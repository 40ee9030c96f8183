"""What the features of thoughts stand for, by exact labels, and what becomes of answers without them.

A dictionary's features are named by one part of the problems: for each concept of `probes.py` and each name, the
feature whose activation correlates most, within thoughts of one number, with whether the node of this name has the
concept. On the other problems its activation is then the node's score. What a thought's own features of the search are,
those named for "frontier" or "reachable", is thereby known, and what is fed into slots is changed in three ways:

    rebuilt   by what the dictionary makes of it: the error that the others have too
    removed   without the features of the nodes within reach
    swapped   with the donor's amounts of all features of the search, on pairs that differ in one fact

Each beside a move as far in a random direction and, of the last two, one as far by as many of the other features.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from analyses.readings.name_tree import name_tokens
from analyses.readings.pairs import Pairs, pairs_of
from analyses.readings.representation.dictionary import FOLDER, Dictionary
from analyses.readings.representation.dictionary_learning import small_dictionary
from analyses.readings.representation.probes import CONCEPTS, Asked, asked_of
from analyses.readings.study import Study, Subject
from coconut_core.edits.record import Edit
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem
from coconut_core.thoughts import thought_states

OF_READ = 0.6
"""Share of the problems, the first ones, that features are read on; the others name them."""
FEWEST = 4
"""Problems that name features."""
SEED = 23
OF_SEARCH = ("frontier", "reachable")
CHANGES = ("rebuilt", "removed", "swapped")
SIDES = ("features", "random direction", "other features")
Thoughts = Float[Tensor, "problem thought d_model"]


@dataclass(frozen=True)
class Named:
    """The feature of a concept and a name."""

    feature: int
    off: float
    """Its mean activation where a node of the name does not have the concept."""
    on: float
    """Where it has."""

    def score(self, activation: np.ndarray) -> np.ndarray:
        """0 where activations are as usual without the concept, 1 where they are as with it."""
        return (activation - self.off) / max(self.on - self.off, 1e-9)


@dataclass(frozen=True)
class Features:
    """A dictionary whose features have names."""

    dictionary: Dictionary
    named: dict[tuple[str, int], Named]
    """By concept and the first token of a name; without those that no problem has in both ways."""

    @classmethod
    def of(
        cls, dictionary: Dictionary, thoughts: Thoughts, asked: dict[tuple[str, int], Asked], dealt: int = 0
    ) -> "Features":
        """Name features by the thoughts that are `asked` about by concept and number k; with `dealt` by the labels of
        other rows, as a control."""
        activation, named = dictionary.activations(thoughts.float()).double().numpy(), {}
        for concept in CONCEPTS:
            rows = [(k, each) for (what, k), each in asked.items() if what == concept]
            token = np.concatenate([each.token for _, each in rows])
            at = (
                np.concatenate([each.problem for _, each in rows]),
                np.repeat([k - 1 for k, _ in rows], [len(each.token) for _, each in rows]),
            )
            label = np.concatenate([each.label for _, each in rows]).astype(float)
            if dealt:
                label = np.random.default_rng(dealt).permutation(label)
            for one in np.unique(token):
                own = token == one
                found = _most_correlated(activation[at[0][own], at[1][own]], label[own], at[1][own])
                if found is not None:
                    named[concept, int(one)] = found
        return cls(dictionary, named)

    def scores(self, thoughts: Thoughts, asked: Asked, concept: str, k: int) -> Float[np.ndarray, "row"]:
        """Of the nodes that are asked about; 0 of those whose name has no feature."""
        activation = self.dictionary.activations(thoughts[:, k - 1].float()).double().numpy()
        scores = np.zeros(len(asked.token))
        for one in np.unique(asked.token):
            if (named := self.named.get((concept, int(one)))) is not None:
                own = asked.token == one
                scores[own] = named.score(activation[asked.problem[own], named.feature])
        return scores

    def of_search(self, tokens: Sequence[int] | None = None) -> Bool[np.ndarray, "feature"]:
        """Which features stand for a node, of one of the names if any are given, that is of the frontier or reached."""
        chosen = np.zeros(len(self.dictionary.decoder), bool)
        wanted = None if tokens is None else set(tokens)
        for (concept, token), named in self.named.items():
            if concept in OF_SEARCH and (wanted is None or token in wanted):
                chosen[named.feature] = True
        return chosen


def _most_correlated(
    activation: Float[np.ndarray, "row feature"], label: Float[np.ndarray, "row"], thought: Int[np.ndarray, "row"]
) -> Named | None:
    """By correlation within rows of one thought, so that a feature of the thought's number is none of a node's."""
    centred, label_centred = activation.copy(), label.copy()
    for k in np.unique(thought):
        own = thought == k
        centred[own] -= centred[own].mean(0)
        label_centred[own] -= label[own].mean()
    together = label_centred @ centred
    spread = np.sqrt((label_centred**2).sum() * (centred**2).sum(0))
    correlation = np.divide(together, spread, out=np.zeros_like(together), where=spread > 1e-9)
    best = int(correlation.argmax())
    if not correlation[best] > 0:
        return None
    own = activation[:, best]
    return Named(best, float(own[label == 0].mean()), float(own[label == 1].mean()))


def dictionary_of(subject: Subject, thoughts: Thoughts) -> tuple[Dictionary, bool]:
    """The dictionary in the subject's folder, or a small one of these thoughts; and whether it was in the folder."""
    folder = subject.checkpoint.folder
    if folder is not None and (folder / FOLDER).is_dir() and any((folder / FOLDER).glob("*.json")):
        return Dictionary.load(folder / FOLDER, thoughts.shape[-1]), True
    return small_dictionary(thoughts.flatten(0, 1)), False


def parted(problems: Sequence[GraphProblem]) -> int:
    """How many problems are read; `InputError` where too few are left to name features."""
    at = int(len(problems) * OF_READ)
    if len(problems) - at < FEWEST:
        raise InputError(
            f"Features are named on some problems and read on others; give {round(FEWEST / (1 - OF_READ))}."
        )
    return at


def fed(model: CoconutModel, states: Thoughts) -> Thoughts:
    """What is fed into the slots, given the thoughts."""
    return model.slot_content(states.to(model.device)).detach().cpu()


def asked_about(model: CoconutModel, problems: Sequence[GraphProblem], count: int) -> dict[tuple[str, int], Asked]:
    """What is asked of each thought, by concept and k."""
    return {(what, k): asked_of(model, problems, what, k) for what in CONCEPTS for k in range(1, count + 1)}


@dataclass(frozen=True)
class FeatureChanges:
    """Pairs whose thoughts are changed by features."""

    features: Features
    pairs: Pairs
    reached: Bool[np.ndarray, "pair thought feature"]
    """Features of the nodes within reach of each base after k thoughts."""
    base: Thoughts
    donor: Thoughts

    @classmethod
    def of(cls, study: Study, subject: Subject, features: Features) -> "FeatureChanges":
        pairs = pairs_of(study, subject, study.problems[: parted(study.problems)])
        encoder = Encoder(subject.model.tokenizer, subject.method)
        reached = np.zeros((len(pairs.bases), pairs.k, len(features.dictionary.decoder)), bool)
        for row, problem in enumerate(pairs.bases):
            tokens = name_tokens(encoder, problem)
            for k in range(1, pairs.k + 1):
                within = [tokens[node] for node, depth in problem.depth.items() if 1 <= depth <= k]
                reached[row, k - 1] = features.of_search(within)
        base, donor = (
            fed(subject.model, thought_states(subject.model, each, pairs.k)) for each in (pairs.bases, pairs.donors)
        )
        return cls(features, pairs, reached, base, donor)

    def changed(self, change: str, side: str, thoughts: Sequence[int]) -> Bool[np.ndarray, "pair"]:
        """Whether each base is no longer answered right, so that the answer is the donor's, when the thoughts of these
        numbers are moved."""
        at = [k - 1 for k in thoughts]
        given = (self.base + self._moves(change, side))[:, at].double().numpy()
        return ~self.pairs.answers([Edit("fed", "given", thoughts=tuple(thoughts), given=given)]).right

    def _moves(self, change: str, side: str) -> Thoughts:
        """From what is fed to what is fed instead."""
        dictionary, generator = self.features.dictionary, torch.Generator().manual_seed(SEED)
        own = dictionary.activations(self.base.float())
        if change == "rebuilt":
            move = dictionary.rebuilt(own) - self.base
        else:
            if change == "removed":
                difference, chosen = -own, torch.tensor(self.reached)
            else:
                difference = dictionary.activations(self.donor.float()) - own
                chosen = torch.tensor(self.features.of_search()).expand_as(own)
            move = (difference * chosen) @ dictionary.decoder
            if side == "other features":
                others = difference * ~chosen
                # As many as the move has, of those that differ; of all where there are less.
                order = torch.where(others != 0, torch.rand(others.shape, generator=generator), 2.0)
                count = ((difference * chosen) != 0).sum(-1, keepdim=True)
                others = others * (order.argsort(-1).argsort(-1) < count)
                return _as_long(others @ dictionary.decoder, move)
        if side == "random direction":
            return _as_long(torch.randn(move.shape, generator=generator), move)
        return move


def _as_long(vectors: Thoughts, as_these: Thoughts) -> Thoughts:
    return vectors * as_these.norm(dim=-1, keepdim=True) / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-9)
