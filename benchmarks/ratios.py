"""Two ways to do one work: the result is asserted to be the same, then both are timed in turn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Contest:
    """One work and the two ways to do it."""

    name: str
    ours: Callable[[], object]
    plain: Callable[[], object]
    same: Callable[[object, object], bool]
    least: float
    """Ratio plain : ours below which something is broken; far below what was measured."""
    target: float | None = None
    """Ratio to reach, where there is one."""


@dataclass(frozen=True)
class Ratio:
    """How many times as long the plain way takes."""

    name: str
    shape: str
    """Whose layers and widths."""
    against: str
    """The other way."""
    rounds: int
    ours: float
    """Median seconds."""
    other: float
    ratio: float
    low: float
    """Quantiles .1 and .9 of the ratios of single rounds."""
    high: float
    operations: float
    """How many times as many operations the other way needs: what the ratio would be at the same rate."""
    utilisation: float
    """Our operations a second as a share of what this core reaches in one large matrix product."""
    peak: float | None = None
    """Our peak memory beside what the process held before, in MiB, where it was measured."""
    memory: float | None = None
    """Our peak memory as a share of the other way's, where it was measured."""
    least: float | None = None
    """Ratio below which something is broken."""
    target: float | None = None
    memory_target: float | None = None
    most: float | None = None
    """Ratio that no way can exceed (`floors.py`), where it was measured."""
    memory_floor: float | None = None
    """Share of the other way's memory that no way without recomputing can fall below at this batch in one part."""

    @classmethod
    def of(
        cls, seconds: Float[np.ndarray, "way round"], operations: Sequence[float], **about: str | float | None
    ) -> "Ratio":
        """From the seconds of each round and the operations of one, ours first."""
        ours, other = map(float, np.median(seconds, axis=1))
        ratio = seconds[1] / seconds[0]
        return cls(
            rounds=len(ratio),
            ours=ours,
            other=other,
            ratio=other / ours,
            low=float(np.quantile(ratio, 0.1)),
            high=float(np.quantile(ratio, 0.9)),
            operations=operations[1] / operations[0],
            utilisation=operations[0] / ours / matrix_rate(),
            **about,
        )


@cache
def matrix_rate(device: str = "cpu", dtype: torch.dtype = torch.float32, times: int = 10) -> float:
    """Operations a second of one core, or of a GPU, in large matrix products, the best of `times`."""
    size = 8192 if device == "cuda" else 1024
    one, other = torch.randn(2, size, size, device=device, dtype=dtype)
    seconds = [timed(lambda: one @ other, device) for _ in range(times + 1)]
    return 2 * size**3 / min(seconds)


def timed(work: Callable[[], object], device: str = "cpu") -> float:
    """Seconds that `work` takes, until the device is done with it."""
    start = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def operations(work: Callable[[], object]) -> int:
    """Operations of `work`: those of its products, which is what torch's counter counts."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def run(contest: Contest, shape: str, rounds: int) -> Ratio:
    """Assert that both ways agree, then time them in turn; `AssertionError` where they do not."""
    assert contest.same(contest.ours(), contest.plain()), f"{contest.name}: the two ways do not agree"
    times = np.zeros((2, rounds))
    for turn in range(rounds):
        for way, work in enumerate((contest.ours, contest.plain)):
            times[way, turn] = timed(work)
    counts = [operations(contest.ours), operations(contest.plain)]
    return Ratio.of(
        times,
        counts,
        name=contest.name,
        shape=shape,
        against="the plain way",
        least=contest.least,
        target=contest.target,
    )
