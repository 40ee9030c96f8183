"""Linear subspaces of vectors, and placebos that move vectors as far, from TransformerLens.

The library computes in float32 what it draws; vectors are arrays here, one a row, and bases are (d, rank).
"""

import numpy as np
import torch
from jaxtyping import Float


def orthonormal(directions: Float[np.ndarray, "d n"]) -> Float[np.ndarray, "d rank"]:
    """An orthonormal basis of what these directions span."""
    left, size, _ = np.linalg.svd(directions, full_matrices=False)
    return left[:, size > 1e-6 * size.max()]


def random_subspace(d: int, rank: int, seed: int) -> Float[np.ndarray, "d rank"]:
    """A random orthonormal basis, the same for the same seed."""
    from transformer_lens.tools.analysis.interchange import random_basis

    return random_basis(d, rank, seed).double().numpy()


def norm_matched(
    base: Float[np.ndarray, "n d"],
    source: Float[np.ndarray, "n d"],
    basis: Float[np.ndarray, "d rank"],
    other: Float[np.ndarray, "d rank"],
) -> Float[np.ndarray, "n d"]:
    """`base` moved within the subspace `other` as far as it would move towards `source` within `basis`."""
    from transformer_lens.tools.analysis.interchange import NormMatchedPlacebo, SubspaceInterchange

    of_base, of_source, own, random = map(torch.tensor, (base, source, basis, other))
    return NormMatchedPlacebo(SubspaceInterchange(own), random)(of_base, of_source).numpy()
