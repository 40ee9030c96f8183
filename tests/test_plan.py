"""What a run costs: the formula against what the library computes, and the command."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from coconut_core.adapters import Lora, adapted
from coconut_core.encoding import Encoder
from coconut_core.speedups.recomputation import recompute_layers
from coconut_core.training.batches import TrainingBatches
from coconut_core.training.initial_model import initial_model
from coconut_core.training.plan import operations_of, plan
from tests.command_line import coconut


@pytest.fixture
def deep_run(tiny_run):
    """Deep enough that what the last layer spares is little."""
    return replace(tiny_run, model=replace(tiny_run.model, layers=12, width=64, feed_forward=128))


def test_the_formula_counts_what_is_computed(deep_run):
    model = initial_model(deep_run)
    batches = TrainingBatches(deep_run, Encoder(model.tokenizer))
    (part,) = batches.batch(1, 0, model.columns_at_once)
    with FlopCounterMode(display=False) as counter, torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        model(part).mean.backward()
    assert 0.9 < counter.get_total_flops() / operations_of(model, [part]) < 1.02


@pytest.mark.parametrize(("frozen", "recomputed"), [(True, False), (False, True), (True, True)])
def test_the_formula_counts_adapters_and_what_is_computed_again(deep_run, frozen, recomputed):
    model = initial_model(deep_run)
    (part,) = TrainingBatches(deep_run, Encoder(model.tokenizer)).batch(1, 0, model.columns_at_once)
    model = adapted(model, Lora(rank=1)) if frozen else model
    if recomputed:
        recompute_layers(model.lm)
    with FlopCounterMode(display=False) as counter, torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        model(part).mean.backward()
    assert 0.9 < counter.get_total_flops() / operations_of(model, [part], recomputed) < 1.1


def test_a_plan_scales_with_the_run(deep_run):
    short, model = plan(deep_run)
    long, _ = plan(replace(deep_run, samples_per_epoch=4 * deep_run.samples_per_epoch))
    assert long.steps == 4 * short.steps == 32
    assert (long.operations, long.kept, long.columns) == (short.operations, short.kept, short.columns)
    # Every layer keeps its input, the two halves of its output and what is between them, of every column.
    assert short.kept > 4 * 12 * short.columns * 64 * 4
    assert short.state == 16 * sum(p.numel() for p in model.parameters())
    assert short.hours == pytest.approx(short.seconds * 8 / 3600)


def test_the_command_prints_it_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from tests.conftest import APP

    done = coconut("plan", str(APP.parent / "configs" / "tiny.yaml"))
    assert done.returncode == 0, done.stderr
    lines = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert lines == ["model", "step", "memory", "training", "answers", "values"]
    assert not list(tmp_path.iterdir())
