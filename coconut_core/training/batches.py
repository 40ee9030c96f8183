"""The samples of a training run: which problems each step sees, and at which stages.

Everything is a function of (run's seed, epoch, step), never of what was drawn before, so that a resumed run sees
what an uninterrupted one would have seen. Files are shuffled anew in each epoch; worlds give fresh problems at each
step.
"""

import random
from collections.abc import Sequence

import numpy as np

from coconut_core.columns import PackedBatch
from coconut_core.encoding import EncodedProblem, Encoder
from coconut_core.errors import InputError
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import load_problems, task_named
from coconut_core.problems.task import Task
from coconut_core.training.config import RunConfig, World
from coconut_core.training.packing import pack_parts

_TRAINING, _VALIDATION = 0, 1
"""Which seeds of a run are whose; those of the stop classifier are in `stop_rule.py`."""


class TrainingBatches:
    """Batches of one run, for one of `processes` processes."""

    def __init__(self, config: RunConfig, encoder: Encoder, process: int = 0, processes: int = 1):
        self._config, self._encoder = config, encoder
        self._process, self._processes = process, processes
        problems = load_problems(config.train_path) if config.train_path else ()
        self._file: list[EncodedProblem] = encoder.problems(problems)
        epoch = len(problems) if problems else config.samples_per_epoch
        self.samples_per_step = config.batch_size_training * processes
        self.steps_per_epoch = max(1, epoch // self.samples_per_step)
        if problems and processes > 1 and len(problems) < self.samples_per_step:
            raise InputError(
                f"batch_size_training: {processes} processes take {self.samples_per_step} problems a step, but "
                f"{config.train_path} holds {len(problems)}; give fewer, or train with one process."
            )

    def batch(self, epoch: int, step: int, columns_at_once: int) -> list[PackedBatch]:
        """The batch of this process at a step of an epoch, in parts of about `columns_at_once` columns."""
        config = self._config
        seed = (config.seed, _TRAINING, epoch, step, self._process)
        rows = self._from_file(epoch, step) if self._file else self._from_world(epoch, seed)
        curriculum = config.curriculum_of_epoch(epoch)
        scheduled = config.stage_of_epoch(epoch)
        rng = random.Random(str(seed))

        def stages(problem: EncodedProblem) -> dict[int, float]:
            if config.stages_per_sample == 0:
                return curriculum.stage_probabilities(scheduled, len(problem.steps))
            return curriculum.draw(scheduled, len(problem.steps), config.stages_per_sample, rng)

        tokens = self._encoder.tokens
        return pack_parts(
            rows,
            [[stages(problem) for problem in row] for row in rows],
            curriculum,
            columns_at_once=columns_at_once,
            thought=tokens.thought,
            padding=tokens.padding,
        )

    def _from_file(self, epoch: int, step: int) -> list[list[EncodedProblem]]:
        order = np.random.default_rng((self._config.seed, epoch)).permutation(len(self._file))
        start = step * self.samples_per_step + self._process * self._config.batch_size_training
        return [[self._file[index]] for index in order[start : start + self._config.batch_size_training]]

    def _from_world(self, epoch: int, seed: Sequence[int]) -> list[list[EncodedProblem]]:
        world = self._config.world_of_epoch(epoch)
        asked = self._config.questions_of(world)
        task = task_named(self._config.task)
        texts = task.sample(world.problems, self._config.batch_size_training // asked, seed)
        rng = np.random.default_rng((*seed, 1))
        rows = [_with_more_questions(task, problem, asked, world, rng) for problem in texts]
        encoded = iter(self._encoder.problems([problem for row in rows for problem in row]))
        return [[next(encoded) for _ in row] for row in rows]


def validation_problems(config: RunConfig) -> tuple[Problem, ...]:
    """The problems a run is measured on: its file, or fresh ones of its last world, never seen in training.

    Fresh graphs repeat next to never, and seeds of validation and training are disjoint.
    """
    if config.val_path:
        return load_problems(config.val_path)
    if not config.worlds:
        return ()
    seed = (config.seed, _VALIDATION)
    return tuple(task_named(config.task).sample(config.worlds[-1].problems, config.validation_problems, seed))


def _with_more_questions(
    task: Task, problem: Problem, count: int, world: World, rng: np.random.Generator
) -> list[Problem]:
    """`count` questions about the facts of `problem`, itself first; where there are too few, they repeat."""
    if count == 1:
        return [problem]
    questions = [problem, *task.further_questions(problem, count - 1, world.problems, rng)]
    return [questions[index % len(questions)] for index in range(count)]
