"""Muon for CPUs: torch's optimiser, with the same update computed in float32 and for all matrices of a shape at once.

torch iterates in bfloat16, one matrix after another. That suits GPUs; a CPU without instructions for bfloat16 emulates
it, and for the matrices of a laptop-sized model an update then takes longer than the gradients. What is iterated is the
same (Newton-Schulz, Keller Jordan's coefficients), so both differ by the rounding of bfloat16 alone.
"""

import math
from collections import defaultdict

import torch
from jaxtyping import Float
from torch import Tensor


class CpuMuon(torch.optim.Muon):
    """`torch.optim.Muon` with `adjust_lr_fn="match_rms_adamw"`: updates are scaled to the size of AdamW's, so that both
    share one learning rate. Its states are torch's, so that either goes on where the other stopped."""

    def __init__(self, params, lr: float, weight_decay: float):
        super().__init__(params, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")

    @torch.no_grad()
    def step(self, closure=None) -> None:
        """One update of all matrices; on another device than the CPU it is torch's."""
        matrices = [each for group in self.param_groups for each in group["params"] if each.grad is not None]
        if any(each.device.type != "cpu" for each in matrices):
            super().step(closure)
            return
        for group in self.param_groups:
            parameters, gradients, momenta = [], [], []
            self._init_group(group, parameters, gradients, momenta)
            by_shape: dict[torch.Size, list[int]] = defaultdict(list)
            for index, parameter in enumerate(parameters):
                by_shape[parameter.shape].append(index)
            for shape, indices in by_shape.items():
                gradient = torch.stack([gradients[index] for index in indices])
                momentum = torch.stack([momenta[index] for index in indices]).lerp_(gradient, 1 - group["momentum"])
                update = _orthogonal(
                    gradient.lerp(momentum, group["momentum"]),
                    group["ns_coefficients"],
                    group["ns_steps"],
                    group["eps"],
                )
                rate = group["lr"] * 0.2 * math.sqrt(max(shape))
                for place, index in enumerate(indices):
                    momenta[index].copy_(momentum[place])
                    parameters[index].mul_(1 - group["lr"] * group["weight_decay"]).sub_(update[place], alpha=rate)


def _orthogonal(
    matrices: Float[Tensor, "matrix row column"], coefficients: tuple[float, float, float], steps: int, eps: float
) -> Float[Tensor, "matrix row column"]:
    """Each matrix with its singular values brought near 1, by `steps` quintic iterations."""
    a, b, c = coefficients
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x
