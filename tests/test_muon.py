"""The CPU's Muon against torch's, which rounds to bfloat16 on the way."""

import time

import torch
from torch import nn

from coconut_core.training.muon import CpuMuon

SHAPES = [(24, 24), (48, 24), (24, 48), (24, 24)]


def optimised(kind, steps: int = 4, **settings) -> tuple[list[nn.Parameter], torch.optim.Optimizer]:
    generator = torch.Generator().manual_seed(0)
    weights = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]
    optimizer = kind(weights, lr=0.05, weight_decay=0.1, **settings)
    for _ in range(steps):
        for weight in weights:
            weight.grad = torch.randn(weight.shape, generator=generator)
        optimizer.step()
    return weights, optimizer


def test_its_update_is_torch_s_but_for_bfloat16():
    own, ours = optimised(CpuMuon)
    other, theirs = optimised(torch.optim.Muon, adjust_lr_fn="match_rms_adamw")
    before, _ = optimised(CpuMuon, steps=0)
    for a, b, start in zip(own, other, before, strict=True):
        assert (a - b).norm() < 0.03 * (b - start).norm() and not torch.equal(a, start)
    for a, b in zip(own, other, strict=True):
        torch.testing.assert_close(ours.state[a]["momentum_buffer"], theirs.state[b]["momentum_buffer"])


def test_it_goes_on_from_torch_s_state():
    weights, optimizer = optimised(CpuMuon)
    other, theirs = optimised(torch.optim.Muon, adjust_lr_fn="match_rms_adamw")
    optimizer.load_state_dict(theirs.state_dict())
    for weight, grad in zip(weights, other, strict=True):
        weight.grad = grad.detach().clone()
    optimizer.step()
    assert all(torch.isfinite(weight).all() for weight in weights)


def test_matrices_without_a_gradient_stay():
    weights, optimizer = optimised(CpuMuon)
    before = [weight.detach().clone() for weight in weights]
    for weight in weights[1:]:
        weight.grad = None
    optimizer.step()
    assert not torch.equal(weights[0], before[0])
    assert all(torch.equal(a, b) for a, b in zip(weights[1:], before[1:], strict=True))


def test_it_is_no_slower_than_torch_s():
    def seconds(kind, **settings) -> float:
        weights = [nn.Parameter(torch.randn(128, 128)) for _ in range(8)]
        optimizer = kind(weights, lr=0.01, weight_decay=0.0, **settings)
        for weight in weights:
            weight.grad = torch.randn(128, 128)
        optimizer.step()
        start = time.process_time()
        for _ in range(3):
            optimizer.step()
        return time.process_time() - start

    assert seconds(CpuMuon) < 1.5 * seconds(torch.optim.Muon, adjust_lr_fn="match_rms_adamw")
