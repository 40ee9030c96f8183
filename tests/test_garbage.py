"""Memory doesn't wait for the collector, which commands and the app let look rarely."""

import gc

import pytest
import torch

from analyses.readings.values import node_values
from benchmarks.contests import train_on
from coconut_core.encoding import Encoder
from coconut_core.generation import answers

WORKS = {
    "training step": lambda model, problems: train_on(model, Encoder(model.tokenizer).problems(problems), range(4)),
    "values": lambda model, problems: node_values(model, problems, ks=range(4)),
    "answers": lambda model, problems: answers(model, problems, ks=(0, 3), max_new_tokens=8),
}


@pytest.mark.parametrize("work", WORKS)
def test_no_tensor_waits_for_the_collector(tiny_llama, problems, work):
    WORKS[work](tiny_llama, problems)  # what is made once and kept
    gc.collect()
    gc.disable()
    try:
        WORKS[work](tiny_llama, problems)
        left = tensors()
        gc.collect()
        assert left == tensors()
    finally:
        gc.enable()
        tiny_llama.zero_grad()


def tensors() -> int:
    return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())
