"""Sizes of fresh problems as people type them: "8-14" for a range, "3:0.4,4:0.6" for weights, "0.5" for a share."""

import math
import re
from collections.abc import Mapping

from coconut_core.errors import InputError


def read_range(sizes: str | tuple[int, int], option: str) -> tuple[int, int]:
    """(fewest, most) of "8-14" or "8"; a pair as it is."""
    if not isinstance(sizes, str):
        return sizes
    match = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", sizes)
    if not match:
        raise InputError(f"{option} {sizes!r} is not a range: write it like 8-14.")
    fewest = int(match[1])
    most = int(match[2] or match[1])
    if fewest > most:
        raise InputError(f"{option} {sizes!r} ends before it starts: write the smaller number first.")
    return fewest, most


def read_weights(sizes: str | tuple[int, int], option: str) -> dict[int, float]:
    """Weights of "3:0.4,4:0.6", or equal ones of "2-4"."""
    if not isinstance(sizes, str) or ":" not in sizes:
        fewest, most = read_range(sizes, option)
        return dict.fromkeys(range(fewest, most + 1), 1.0)
    weights = {}
    for part in sizes.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*:\s*(\d*\.?\d+|\d+\.)\s*", part)
        if not match:
            raise InputError(f"{option} {sizes!r} is not understood: write it like 2-4 or like 3:0.4,4:0.6.")
        if int(match[1]) in weights:
            raise InputError(f"{option} {sizes!r} weighs {match[1]} twice: give every number once.")
        weights[int(match[1])] = float(match[2])
    return weights


def read_share(share: str, option: str) -> float:
    """A share in [0, 1] of "0.5"."""
    if not re.fullmatch(r"\s*(0?\.\d{1,9}|0|1|[01]\.0{0,9})\s*", share):
        raise InputError(f"{option} {share!r} is not a share: give a number from 0 to 1, like 0.5.")
    return float(share)


def require_weights(name: str, weights: Mapping[int, float]) -> None:
    """`InputError` unless every weight is above 0 and all are finite; `name` is what is weighed: hops, steps."""
    if not all(weight > 0 for weight in weights.values()) or not math.isfinite(sum(weights.values())):
        raise InputError(f"{name} must give every number of {name} a finite weight above 0.")
