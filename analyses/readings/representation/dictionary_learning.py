"""Learning a dictionary: of thoughts on fresh problems, or, a small one, of those that are at hand.

Loss: the squared error of what is rebuilt, as a share of the variance, and 1/32 of that of the error rebuilt by
features that no recent vector had (AuxK of Gao et al. 2024, arXiv 2406.04093), so that none is lost for good. Vectors
are scaled to a variance of 1 a coordinate on average, which the dictionary undoes. Directions have length 1.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from analyses.readings.representation.dictionary import Dictionary
from coconut_core.errors import InputError

BATCH = 128
"""Vectors a step."""
RATE = 3e-3
"""Of Adam; it falls to 0 over the last fifth of the steps."""
LOST_AFTER = 12_800
"""Vectors without a feature after which it counts as lost."""
OF_LOST = 1 / 32
"""Weight of the error that lost features rebuild."""
SMALL_STEPS = 400
SEED = 8


class Learning(nn.Module):
    """A dictionary that is being learned; its state is that of the module and of `optimizer`.

    `InputError` where the vectors that it begins with are all the same.
    """

    def __init__(self, vectors: Float[Tensor, "vector d_model"], features: int, active: int, seed: int = SEED):
        super().__init__()
        middle = vectors.mean(0)
        scale = (vectors - middle).square().mean().sqrt()
        if not scale > 1e-6 * (1 + vectors.abs().max()):
            raise InputError("What is fed into slots is the same on all problems; take a model that feeds thoughts.")
        drawn = torch.randn(features, vectors.shape[1], generator=torch.Generator().manual_seed(seed))
        directions = drawn / drawn.norm(dim=-1, keepdim=True)
        self.active = min(active, features)
        self.encoder, self.decoder = nn.Parameter(directions.T.clone()), nn.Parameter(directions)
        self.encoder_bias = nn.Parameter(torch.zeros(features))
        self.decoder_bias = nn.Parameter(middle / scale)
        self.scale: Tensor
        self.unused: Int[Tensor, feature]
        self.register_buffer("scale", scale)
        self.register_buffer("unused", torch.zeros(features, dtype=torch.long))
        self.optimizer = torch.optim.Adam(self.parameters(), lr=RATE)

    def dictionary(self) -> Dictionary:
        """As it is now, of vectors that are not scaled."""
        biases = self.encoder_bias * self.scale, self.decoder_bias * self.scale
        parts = self.encoder, biases[0], self.decoder, biases[1]
        return Dictionary(*(part.detach().clone() for part in parts), self.active)

    def learn(
        self, vectors: Float[Tensor, "vector d_model"], passes: int, done: float, until: float, seed: int
    ) -> float:
        """Learn from all vectors `passes` times, from the share `done` of the work to `until`; returns the error of
        what was rebuilt, as a share of the variance."""
        generator, error = torch.Generator().manual_seed(seed), 0.0
        order = torch.cat([torch.randperm(len(vectors), generator=generator) for _ in range(passes)])
        steps = order.split(BATCH)
        for at, indices in enumerate(steps):
            share = done + (until - done) * at / len(steps)
            self.optimizer.param_groups[0]["lr"] = RATE * min(1.0, 5 * (1 - share))
            error += self._step(vectors[indices] / self.scale) / len(steps)
        return error

    def _step(self, vectors: Float[Tensor, "batch d_model"]) -> float:
        inside = (vectors - self.decoder_bias) @ self.encoder + self.encoder_bias
        largest, which = inside.topk(self.active, dim=-1)
        used = torch.zeros_like(inside).scatter(-1, which, largest.relu())
        left = vectors - used @ self.decoder - self.decoder_bias
        variance = (vectors - vectors.mean(0)).square().mean().clamp(min=1e-6)
        error = left.square().mean() / variance
        self.unused = torch.where((used > 0).any(0), 0, self.unused + len(vectors))
        loss, lost = error, self.unused > LOST_AFTER
        if lost.any():
            largest, which = inside.masked_fill(~lost, -torch.inf).topk(min(int(lost.sum()), 2 * self.active), dim=-1)
            revived = torch.zeros_like(inside).scatter(-1, which, largest.relu()) @ self.decoder
            loss = error + OF_LOST * F.mse_loss(revived, left.detach()) / variance
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.decoder /= self.decoder.norm(dim=-1, keepdim=True)
        return float(error.detach())


def small_dictionary(vectors: Float[Tensor, "vector d_model"], features: int = 256, active: int = 16) -> Dictionary:
    """One that is learned in seconds from some hundreds of vectors: `SMALL_STEPS` steps."""
    vectors = vectors.float()
    learning = Learning(vectors, features, active)
    learning.learn(vectors, -(-SMALL_STEPS * BATCH // len(vectors)), 0.0, 1.0, SEED)
    return learning.dictionary()
