"""Thoughts rolled on from questions that are encoded once, with what is fed and who attends to a slot chosen freely.

An experiment compares many runs of the same problems, which differ in their slots alone. In each run the next thought
follows from what was fed before, unless what is fed is given. A slot may be hidden

    from all        nothing that comes later attends to it
    from thoughts   later slots do not, what is written afterwards does
    from answer     later slots do, what is written afterwards does not
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from coconut_core.columns import QUESTION, THOUGHT, Columns
from coconut_core.generation import Answers, answers_from
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.thoughts import ThoughtBatch, think_about, thought_states

ANSWER_TOKENS = 48
Hidden = Literal["all", "thoughts", "answer"]
Feed = Callable[[int, Float[Tensor, "problem 1 d_model"]], Float[Tensor, "problem 1 d_model"]]
"""Given k and what the model itself would feed into slot k, what is fed."""


@dataclass(frozen=True)
class EncodedQuestions:
    """Problems with their questions encoded and their unchanged thoughts."""

    model: CoconutModel
    count: int
    """Slots of every run."""
    batch: ThoughtBatch
    """Without thoughts."""
    fed: Float[Tensor, "problem thought d_model"]
    """What the model itself feeds into its slots."""

    @classmethod
    def of(cls, model: CoconutModel, problems: Sequence[Problem], count: int) -> "EncodedQuestions":
        with torch.inference_mode():
            fed = model.slot_content(thought_states(model, problems, count).to(model.device))
            return cls(model, count, think_about(model, problems, 0), fed)

    @torch.inference_mode()
    def roll(
        self, feed: Feed = lambda k, fed: fed, hidden: Mapping[int, Hidden] | None = None
    ) -> tuple[ThoughtBatch, Float[Tensor, "problem thought d_model"]]:
        """The thoughts of a run, and what was fed; `hidden` says of slots, from 1, from whom."""
        thoughts, all_fed = self.batch.thoughts, []
        context, begin = thoughts.context, thoughts.begin[:, None]
        own = self.fed[:, :1]
        for k in range(1, self.count + 1):
            fed = feed(k, own)
            all_fed.append(fed)
            slot = self._slot(begin, k, (hidden or {}).get(k))
            state, context = self.model.extend(context, slot, fed)
            own = self.model.slot_content(state)
        return replace(self.batch, thoughts=replace(thoughts, context=context)), torch.cat(all_fed, 1)

    def answers(self, run: ThoughtBatch) -> Answers:
        """What is written after all thoughts of a run."""
        return answers_from(self.model, run, (self.count,), draft=True, max_new_tokens=ANSWER_TOKENS)

    def _slot(self, begin: Tensor, k: int, hidden: Hidden | None) -> Columns:
        """A slot attends to what lies before its address; from its own on to `leave` others attend to it."""
        zero = torch.zeros_like(begin)
        enter, leave, last = k * THOUGHT, QUESTION - 1, self.count * THOUGHT
        if hidden == "all":
            leave = enter - 1
        elif hidden == "answer":
            leave = last
        elif hidden == "thoughts":
            enter = last + 1
        return Columns(zero + self.model.tokens.thought, begin + k, zero + enter, zero + leave)
