"""The part of a thought that tells its frontier: found on some problems, changed on pairs of others.

The frontier's part of what is fed into slot k is a subspace: the directions in which vectors depend on which names are
k steps away, by ridge regression of the vectors on an indicator of every name. It is fitted on the last problems of a
study. On pairs that differ in one fact, so that the answer should become the donor's (`readings/pairs.py`), and that
are made of the first ones, what is fed into slot k alone is then

    whole     the donor's vector: what there is to gain
    rewrite   the donor's in the subspace, its own elsewhere
    branch    its own, with the direction of the fact's old object exchanged for that of the new one; only of pairs
              whose fact is step k
    remove    in the subspace the mean over the bases, which tells nothing, its own elsewhere

and later thoughts are rerolled. Each has a placebo, which moves every vector as far: in a random subspace of the same
rank (`transformer_lens.tools.analysis.interchange`), of the whole vector to another pair's donor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from analyses.readings.pairs import Pairs, pairs_of
from analyses.readings.representation.subspaces import norm_matched, orthonormal, random_subspace
from analyses.readings.study import Study, Subject
from coconut_core.edits.record import Edit
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem
from coconut_core.thoughts import thought_states

RIDGE = 0.1
"""Of the regressions, beside the mean number of problems that hold a name."""
OF_PAIRS = 0.6
"""Share of the problems, the first ones, that pairs are made of."""
FEWEST = 4
"""Problems that a subspace is fitted on."""
SEED = 17
CHANGES = ("whole", "rewrite", "branch", "remove")


@dataclass(frozen=True)
class Rewriting:
    """Pairs, what is fed into their slots, and in which direction each name stands in what is fed into slot k."""

    pairs: Pairs
    names: tuple[str, ...]
    base: Float[np.ndarray, "pair thought d_model"]
    donor: Float[np.ndarray, "pair thought d_model"]
    directions: Float[np.ndarray, "thought name d_model"]
    """0 for a name that no problem has k steps away."""

    @classmethod
    def of(cls, study: Study, subject: Subject) -> "Rewriting":
        """Of a subject with slots; `InputError` where there are too few problems, or no pair."""
        at, model, count = int(len(study.problems) * OF_PAIRS), subject.model, subject.max_thoughts
        others = study.problems[at:]
        if len(others) < FEWEST:
            least = round(FEWEST / (1 - OF_PAIRS))
            raise InputError(f"What thoughts hold is learned from some problems and tested on others; give {least}.")
        pairs = pairs_of(study, subject, study.problems[:at])

        def fed(problems: Sequence[GraphProblem]) -> Float[np.ndarray, "problem thought d_model"]:
            states = thought_states(model, problems, count).to(model.device)
            return model.slot_content(states).detach().cpu().double().numpy()

        names = tuple(sorted({name for problem in study.problems for name in problem.names}))
        vectors = fed(others)
        directions = [_directions(vectors[:, k], _held(others, names, k + 1)) for k in range(count)]
        return cls(pairs, names, fed(pairs.bases), fed(pairs.donors), np.stack(directions))

    def basis(self, k: int) -> Float[np.ndarray, "d_model rank"] | None:
        """Of the frontier's subspace in slot k; None where what is fed does not depend on it."""
        directions = self.directions[k - 1]
        return orthonormal(directions.T) if np.abs(directions).max() > 1e-9 else None

    def tested(self, change: str, k: int) -> list[int]:
        """The pairs that `change` of slot k is tested on."""
        return [at for at, step in enumerate(self.pairs.steps.tolist()) if change != "branch" or step == k]

    def changed(self, change: str, k: int, placebo: bool = False) -> Bool[np.ndarray, "pair"]:
        """Of the pairs in `tested`, whose answer is no longer right, and so the donor's, with `change`, or with its
        placebo. There has to be a `basis`."""
        at = self.tested(change, k)
        edit = Edit("fed", "given", thoughts=(k,), given=self._vectors(change, k, placebo)[:, None])
        return ~self.pairs.at(at).answers([edit]).right

    def _vectors(self, change: str, k: int, placebo: bool) -> Float[np.ndarray, "pair d_model"]:
        base, donor, basis = self.base[:, k - 1], self.donor[:, k - 1], self.basis(k)
        assert basis is not None
        if change == "whole":
            return np.roll(donor, 1, 0) if placebo else donor
        if change == "branch":
            at = self.tested(change, k)
            own, move = base[at], np.stack([self._branch(index, k) for index in at])
            if placebo:
                noise = np.random.default_rng(SEED + k).normal(size=move.shape)
                move = noise * np.linalg.norm(move, axis=1, keepdims=True) / np.linalg.norm(noise, axis=1)[:, None]
            return own + move
        source = donor if change == "rewrite" else np.broadcast_to(base.mean(0), base.shape)
        if placebo:
            return norm_matched(base, source, basis, random_subspace(*basis.shape, SEED + k))
        return base + (source - base) @ basis @ basis.T

    def _branch(self, pair: int, k: int) -> Float[np.ndarray, "d_model"]:
        """From the direction of the exchanged fact's old object to that of the new one."""
        base, donor = self.pairs.bases[pair], self.pairs.donors[pair]
        (_, old), (_, new) = next(both for both in zip(base.facts, donor.facts, strict=True) if both[0] != both[1])
        of_old, of_new = (self.names.index(name) for name in (base.names[old], donor.names[new]))
        return self.directions[k - 1, of_new] - self.directions[k - 1, of_old]


def _held(problems: Sequence[GraphProblem], names: Sequence[str], k: int) -> Float[np.ndarray, "problem name"]:
    """1 at the names of nodes that are exactly k steps away."""
    at = {name: index for index, name in enumerate(names)}
    held = np.zeros((len(problems), len(names)))
    for row, problem in enumerate(problems):
        held[row, [at[problem.names[node]] for node, depth in problem.depth.items() if depth == k]] = 1
    return held


def _directions(
    vectors: Float[np.ndarray, "problem d_model"], held: Float[np.ndarray, "problem name"]
) -> Float[np.ndarray, "name d_model"]:
    """How far the vector moves, on average, where a name is held."""
    vectors, held = vectors - vectors.mean(0), held - held.mean(0)
    products = held.T @ held
    penalty = RIDGE * max(np.trace(products) / len(products), 1e-9)
    return np.linalg.solve(products + penalty * np.eye(len(products)), held.T @ vectors)
