"""The curriculum: which stage a sample is trained at, and what of its text is left there.

Stage s (paper section 3, figure 2; official `dataset.py`) drops the first s reasoning steps of a sample and puts
s * c thoughts in their place, also where the sample has fewer than s steps; beyond the last stage all steps are
dropped and the number of thoughts stays at its maximum. With probability `uniform_prob` a sample's stage is drawn
uniformly from {0, ..., number of steps} instead of taken from the schedule. Methods without stages (`methods.py`) stay
at one: the first, where they keep the steps, or the one beyond the last, where they drop them.
"""

import random
from collections import Counter
from dataclasses import dataclass

from coconut_core.encoding import EncodedProblem
from coconut_core.methods import COCONUT, Method


@dataclass(frozen=True)
class Curriculum:
    """The stages of training."""

    max_stage: int
    """Stages that add thoughts; stage `max_stage + 1` drops every step (the official `max_latent_stage`)."""
    method: Method = COCONUT
    thoughts_per_step: int = 1
    """c of the paper."""
    uniform_prob: float = 0.0
    pad_to_max: bool = True
    """Whether the stage without steps thinks the maximum, or only as often as the sample has steps."""
    tokens_per_stage: int = 8
    """iCoT: tokens of reasoning that each stage drops."""

    @property
    def max_thoughts(self) -> int:
        return self.method.slot_count(self.max_stage * self.thoughts_per_step)

    def stage_of_epoch(self, epoch: int, epochs_per_stage: int) -> int:
        """Stage = epoch // epochs_per_stage, and the last one (all steps dropped) from there on.

        With `epochs_per_stage` 0 there is no schedule: every epoch is in the last stage.
        """
        last = self.max_stage + 1
        return self.effective_stage(last if epochs_per_stage == 0 else min(epoch // epochs_per_stage, last))

    def effective_stage(self, stage: int) -> int:
        """The stage that the method trains at where `stage` is scheduled."""
        if self.method.staged:
            return stage
        return 0 if self.method.steps == "kept" else self.max_stage + 1

    def draw(self, scheduled: int, steps: int, count: int, rng: random.Random) -> dict[int, float]:
        """`count` independent draws of a sample's stage, weighted by how often each came up.

        One draw is what the official code trains.
        """
        drawn = (rng.randint(0, steps) if rng.random() < self.uniform_prob else scheduled for _ in range(count))
        return {stage: float(times) for stage, times in Counter(drawn).items()}

    def stage_probabilities(self, scheduled: int, steps: int) -> dict[int, float]:
        """Every stage the sample may be drawn at, weighted by its probability.

        The loss over all of them is the expectation of the loss over `draw`, without its variance, and costs
        little more: the question and the thoughts are computed once.
        """
        weights = {stage: self.uniform_prob / (steps + 1) for stage in range(steps + 1)}
        weights[scheduled] = weights.get(scheduled, 0.0) + 1.0 - self.uniform_prob
        return {stage: weight for stage, weight in weights.items() if weight > 0}

    def thoughts_at(self, stage: int, steps: int) -> int:
        """Thoughts before the text of a sample with `steps` steps."""
        if stage > self.max_stage:
            stage = self.max_stage if self.pad_to_max else min(steps, self.max_stage)
        return self.method.slot_count(stage * self.thoughts_per_step)

    def text_at(self, problem: EncodedProblem, stage: int) -> list[int]:
        """Tokens after the opening: the steps that remain, then the answer."""
        if stage > self.max_stage:
            return problem.answer
        if self.method.steps == "by tokens":
            chain = [token for step in problem.steps for token in step]
            return chain[stage * self.tokens_per_stage :] + problem.answer
        return [token for step in problem.steps[stage:] for token in step] + problem.answer
