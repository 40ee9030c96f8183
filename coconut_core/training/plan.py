"""What a run will cost, before it runs: its memory, its operations, and its hours on this machine.

The operations (products and sums inside of matrix products) of a training step are

    6 (P C + H R) + 12 L D A

P are the weights of all L layers and H those of the head; C are the columns that are computed (tokens of questions and
continuations, and thoughts), R those that the head is read at; D is the width of all heads together, and A the number
of pairs of columns that one layer's attention compares. A third of it is the forward pass, which is all that answers
and values take. A question is counted once, however many stages and thoughts branch off from it. In its last layer it
takes less than the formula says (`last_layer.py`). Under adapters the weights have no gradients, which leaves 4 of the
6, and those of the adapters are not counted; with gradient checkpointing the layers are computed once more, which adds
2 P C + 4 L D A.

The memory is that of weights, of what is trained its gradients and the optimiser's two moments, four bytes a number
each, and of what autograd keeps of the largest part of a step (`CoconutModel.columns_at_once`). That is measured, and
so is the time.
"""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch.autograd.graph import saved_tensors_hooks

from coconut_core.adapters import is_adapted
from coconut_core.columns import PackedBatch
from coconut_core.encoding import Encoder
from coconut_core.model import CoconutModel
from coconut_core.training.batches import TrainingBatches
from coconut_core.training.config import RunConfig
from coconut_core.training.initial_model import initial_model

ROUNDS = 3
"""Steps that are timed, after one that is not."""
_BYTES = 4


@dataclass(frozen=True)
class Plan:
    """The cost of a run of one process, measured on steps of its last epoch, whose problems are the run's own."""

    parameters: int
    trained: int
    """Parameters that learn: all, or those of adapters."""
    columns: int
    """Of a step: tokens of questions and continuations, and thoughts, with their padding."""
    operations: int
    """Of a step, by the formula."""
    kept: int
    """Bytes that autograd keeps of the largest part of a step."""
    seconds: float
    """Of a step, the median of some."""
    steps: int
    """Of the whole run."""
    samples_per_step: int

    @property
    def state(self) -> int:
        """Bytes of all weights, and of those that are trained the gradients and the two moments of AdamW."""
        return _BYTES * (self.parameters + 3 * self.trained)

    @property
    def hours(self) -> float:
        """Of the run on this machine, as it was while the steps were timed."""
        return self.seconds * self.steps / 3600

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds


def operations(
    *,
    layers: int,
    heads: int,
    weights: int,
    head: int,
    columns: int,
    read: int,
    pairs: int,
    frozen: bool = False,
    recomputed: bool = False,
) -> int:
    """Operations of a training step: L, D, P, H, C, R and A of the formula."""
    inside, outside, attention = weights * columns, head * read, layers * heads * pairs
    again = 2 * inside + 4 * attention if recomputed else 0
    return (4 if frozen else 6) * (inside + outside) + 12 * attention + again


def operations_of(model: CoconutModel, parts: Sequence[PackedBatch], recomputed: bool = False) -> int:
    """Operations of a training step on a batch."""
    config, outside = model.lm.config, (model.lm.get_input_embeddings(), model.lm.get_output_embeddings())
    embeddings = sum(p.numel() for p in {p for module in outside for p in module.parameters()})
    frozen = is_adapted(model)
    adapters = sum(p.numel() for name, p in model.lm.named_parameters() if "lora_" in name)
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return operations(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads * size,
        weights=sum(p.numel() for p in model.lm.parameters()) - embeddings - adapters,
        head=outside[1].weight.numel(),
        columns=sum(_columns(part) for part in parts),
        read=sum(int((part.weights > 0).sum()) for part in parts),
        pairs=sum(_pairs(part) for part in parts),
        frozen=frozen,
        recomputed=recomputed,
    )


def plan(config: RunConfig) -> tuple[Plan, CoconutModel]:
    """Measure some steps of a run, of which nothing is written; its cost, and the model that it would start from."""
    model = initial_model(config).train()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device)
    batches = TrainingBatches(config, Encoder(model.tokenizer, model.method))
    parts = [part.to(device) for part in batches.batch(config.epochs - 1, 0, model.columns_at_once)]
    kept = max(bytes_kept(model, part, config.bf16) for part in parts)
    _step(model, parts, config.bf16)
    seconds = sorted(_timed(model, parts, config.bf16) for _ in range(ROUNDS))[ROUNDS // 2]
    cost = Plan(
        parameters=sum(p.numel() for p in model.parameters()),
        trained=sum(p.numel() for p in model.parameters() if p.requires_grad),
        columns=sum(_columns(part) for part in parts),
        operations=operations_of(model, parts, config.gradient_checkpointing),
        kept=kept,
        seconds=seconds,
        steps=(config.epochs - config.resume) * batches.steps_per_epoch,
        samples_per_step=batches.samples_per_step,
    )
    return cost, model


def _columns(part: PackedBatch) -> int:
    return sum(columns.ids.numel() for columns in (part.questions, *part.slots, part.continuations))


def _pairs(part: PackedBatch) -> int:
    seen, pairs = 0, 0
    for columns in (part.questions, *part.slots, part.continuations):
        rows, width = columns.ids.shape
        seen += width
        pairs += rows * width * seen
    return pairs


def _step(model: CoconutModel, parts: Sequence[PackedBatch], bf16: bool) -> None:
    for part in parts:
        with _numbers(model, bf16):
            loss = model(part)
        (loss.mean * part.share).backward()
    model.zero_grad(set_to_none=True)


def _numbers(model: CoconutModel, bf16: bool):
    return torch.autocast(model.device.type, torch.bfloat16) if bf16 else nullcontext()


def _timed(model: CoconutModel, parts: Sequence[PackedBatch], bf16: bool) -> float:
    if model.device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    _step(model, parts, bf16)
    if model.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def bytes_kept(model: CoconutModel, part: PackedBatch, bf16: bool) -> int:
    """Bytes of all memory that autograd keeps, each once, and the weights left out."""
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def keep(saved: torch.Tensor) -> torch.Tensor:
        storage = saved.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return saved

    with saved_tensors_hooks(keep, lambda saved: saved), _numbers(model, bf16):
        loss = model(part)
    del loss
    return sum(size for place, size in kept.items() if place not in own)
