"""A file of problems of any length, worked on a run at a time, by one process or several, told in the file's order.

With several processes (`torchrun --nproc_per_node 2 -m workbench.commands values ...`) each takes every so-manyth run,
on its own device, and the first one writes. Memory holds one round of runs and what is kept of each for the summary,
however long the file is.
"""

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
from coconut_core.problems.prosqa.files import stream_problems
from coconut_core.problems.prosqa.problem import ProsqaProblem

Kept = TypeVar("Kept")


class ProblemStream:
    """The first problems of a file, or all; `InputError` where one of them is unsound, before any work.

    To be used as a context: processes that work together part at its end.
    """

    def __init__(self, path: Path, first: int | None = None):
        self._path, self._first = path, first
        self._state = PartialState(cpu=not torch.cuda.is_available())
        self.total = sum(1 for _ in self._problems())

    def __enter__(self) -> "ProblemStream":
        return self

    def __exit__(self, *_: object) -> None:
        # Left to the end of the process, its threads may still run when they are destroyed, which aborts it.
        self._state.destroy_process_group()

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes and tells."""
        return self._state.is_main_process

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self._state.device

    def _problems(self) -> Iterator[ProsqaProblem]:
        return islice(stream_problems(self._path), self._first)

    def write(
        self,
        told: Callable[[int, Sequence[ProsqaProblem]], tuple[str, Kept]],
        out: Path | None,
        *,
        size: int,
        what: str,
    ) -> list[Kept]:
        """Put each run of `size` problems through `told`, given the number of its first one and the problems.

        The texts that it returns make up the file `out`, whole or not at all; the rest is returned, in order.
        """
        kept: list[Kept] = []
        with nullcontext() if out is None or not self.is_main else atomic_file(out) as file:
            for text, part in self._in_order(told, size, what):
                kept.append(part)
                if file is not None:
                    file.write(text.encode())
        return kept

    def _in_order(self, told: Callable, size: int, what: str) -> Iterator[tuple[str, object]]:
        problems, start = self._problems(), 0
        processes, own = self._state.num_processes, self._state.process_index
        with tqdm(total=self.total, desc=what, delay=0.5, disable=not self.is_main) as bar:
            while runs := [run for _ in range(processes) if (run := tuple(islice(problems, size)))]:
                done = told(start + own * size, runs[own]) if own < len(runs) else None
                yield from gather_object([done])[: len(runs)]
                start += processes * size
                bar.update(sum(map(len, runs)))
