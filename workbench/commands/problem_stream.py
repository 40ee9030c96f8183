"""A file of problems of any length, worked on a run at a time by one process or several, results in the file's order.

A run is a few batches. With several processes (`torchrun --nproc_per_node 2 -m workbench.commands values ...`) run
number i is computed by process i modulo their number, on its own device, and the first process writes. Memory holds one
run of every process and what is kept of each run for the summary, however long the file is.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from tqdm.auto import tqdm

from coconut_core.files import atomic_file
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import stream_problems, task_of
from coconut_core.problems.task import Task

Kept = TypeVar("Kept")


class ProblemStream:
    """The first problems of a file, or all; `InputError` where one of them cannot be read, before any work.

    To be used as a context: processes that work together part at its end.
    """

    def __init__(self, path: Path, first: int | None = None):
        self._path, self._first = path, None if first is None else min(first, sys.maxsize)
        self._state = PartialState(cpu=not torch.cuda.is_available())
        self.total = sum(1 for _ in self._problems())

    def __enter__(self) -> "ProblemStream":
        return self

    def __exit__(self, *_: object) -> None:
        # Left to the end of the process, its threads may still run when they are destroyed, which aborts it.
        self._state.destroy_process_group()

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes and prints."""
        return self._state.is_main_process

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self._state.device

    @property
    def task(self) -> Task:
        """The task of the file, which its first problem shows."""
        return task_of([next(self._problems())])

    def _problems(self) -> Iterator[Problem]:
        return islice(stream_problems(self._path), self._first)

    def write(
        self,
        compute: Callable[[int, Sequence[Problem]], tuple[str, Kept]],
        out: Path | None,
        *,
        size: int,
        what: str,
    ) -> list[Kept]:
        """Call `compute` with every run of `size` problems and the number of its first problem, from 0.

        The texts that it returns make up the file `out`, whole or not at all; the second parts are returned, in order.
        `what` stands at the progress bar.
        """
        kept: list[Kept] = []
        size = min(size, sys.maxsize)
        with nullcontext() if out is None or not self.is_main else atomic_file(out) as file:
            for text, part in self._in_order(compute, size, what):
                kept.append(part)
                if file is not None:
                    file.write(text.encode())
        return kept

    def _in_order(self, compute: Callable, size: int, what: str) -> Iterator[tuple[str, object]]:
        problems, start = self._problems(), 0
        processes, own = self._state.num_processes, self._state.process_index
        with tqdm(total=self.total, desc=what, delay=0.5, disable=not self.is_main) as bar:
            while runs := [run for _ in range(processes) if (run := tuple(islice(problems, size)))]:
                done = compute(start + own * size, runs[own]) if own < len(runs) else None
                yield from gather_object([done])[: len(runs)]
                start += processes * size
                bar.update(sum(map(len, runs)))
