"""What is fed into the slots between question and answer: the only place that decides it.

A method (`methods.py`) names one of these contents. A new content is a function here and a row of `CONTENTS`. Nothing
here imports torch, since pages and cards read the methods without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SlotContent:
    """One way to fill slots."""

    fed: Callable[[Any, Any], Any]
    """What is fed into slots (batch slot d_model), given the final hidden states before them (batch slot d_model) and
    the embedding of `<|latent|>` (d_model)."""
    follows_states: bool
    """Whether it depends on the states: then the slots of a question wait for each other, and no two are alike."""


CONTENTS = {
    # Coconut (paper section 3): the last hidden state itself, with its gradient.
    "thought": SlotContent(lambda states, pause: states, follows_states=True),
    # One learned embedding, whatever was computed before.
    "pause": SlotContent(lambda states, pause: pause.expand_as(states), follows_states=False),
}
