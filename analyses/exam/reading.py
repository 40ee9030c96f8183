"""What an instrument found on a set of problems, and what it says by a threshold."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from analyses.exam import thresholds
from analyses.readings.intervals import wilson

OPEN = "cannot be told"
Found = Bool[np.ndarray, "problem"]
"""Whether an instrument found what it looks for, on each problem that it could be looked for on."""


@dataclass(frozen=True)
class Reading:
    """What an instrument found."""

    found: int
    """Problems on which it found what it looks for."""
    n: int
    """Problems that it could be looked for on."""
    threshold: float = thresholds.LEAST_SHARE
    beyond: "Reading | None" = None
    """A reading that this one has to exceed by the threshold, where it is not the share itself that has to."""

    @classmethod
    def of(cls, found: Found, threshold: float, beyond: "Reading | None" = None) -> "Reading":
        return cls(int(found.sum()), len(found), threshold, beyond)

    @property
    def share(self) -> float:
        """In [0, 1]; NaN where there was no such problem."""
        return self.found / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.found, self.n, thresholds.CONFIDENCE)

    @property
    def judged(self) -> tuple[float, float]:
        """The interval that is held against the threshold: that of the share, or of what it exceeds another one by
        (Newcombe 1998, of two intervals of Wilson's)."""
        low, high = self.interval
        if self.beyond is None:
            return low, high
        if not self.n or not self.beyond.n:
            return -1.0, 1.0
        other_low, other_high = self.beyond.interval
        share, other = self.share, self.beyond.share
        difference = share - other
        down = ((share - low) ** 2 + (other_high - other) ** 2) ** 0.5
        up = ((high - share) ** 2 + (other - other_low) ** 2) ** 0.5
        return difference - down, difference + up

    @property
    def said(self) -> str:
        """What follows from the interval: "yes", "no" or "cannot be told"."""
        low, high = self.judged
        if low > self.threshold:
            return "yes"
        return "no" if high < self.threshold else OPEN
