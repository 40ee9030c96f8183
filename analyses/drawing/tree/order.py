"""The order of nodes within the rows of a layered drawing, by barycentre sweeps, and its crossings counted."""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

STARTS, SWEEPS = 4, 8
"""Orders that are swept, and sweeps of each."""


def best_order(
    rows: list[list[int]], edges: Sequence[tuple[int, int]], depth: Mapping[int, int]
) -> tuple[list[list[int]], int]:
    """Barycentre sweeps down and up in turn, from several orders; the order met with the fewest crossings."""
    above = {node: [] for node in depth}
    below = {node: [] for node in depth}
    for a, b in edges:
        upper, lower = (a, b) if depth[a] < depth[b] else (b, a)
        if depth[upper] != depth[lower]:
            above[lower].append(upper)
            below[upper].append(lower)
    best, fewest = rows, crossings(rows, edges, depth)
    shuffle = random.Random(0).shuffle  # the same picture for the same problem, always
    for sweep in range(STARTS * SWEEPS):
        if not fewest:
            break
        rows = [list(row) for row in rows]
        if sweep and sweep % SWEEPS == 0:
            for row in rows:
                shuffle(row)
        downwards = sweep % 2 == 0
        for r in range(1, len(rows)) if downwards else range(len(rows) - 2, 0, -1):
            place = fractions(rows)
            near = above if downwards else below
            rows[r].sort(key=lambda node: mean((place[n] for n in near[node]), place[node]))  # noqa: B023
        _swap_neighbours(rows, edges, depth)
        count = crossings(rows, edges, depth)
        if count < fewest:
            best, fewest = rows, count
    return best, fewest


def _swap_neighbours(rows: list[list[int]], edges: Sequence[tuple[int, int]], depth: Mapping[int, int]) -> None:
    """Swap neighbours in place wherever that removes crossings."""
    for r, row in enumerate(rows):
        near = [(a, b) for a, b in edges if depth[a] == r or depth[b] == r]
        count = crossings(rows, near, depth)
        for i in range(len(row) - 1):
            row[i], row[i + 1] = row[i + 1], row[i]
            swapped = crossings(rows, near, depth)
            if swapped < count:
                count = swapped
            else:
                row[i], row[i + 1] = row[i + 1], row[i]


def crossings(rows: Sequence[Sequence[int]], edges: Iterable[tuple[int, int]], depth: Mapping[int, int]) -> int:
    """Pairs of edges that cross: inversions in each band between rows, and what lands under an arch."""
    place = fractions(rows)
    bands: list[list[tuple[float, float]]] = [[] for _ in rows]  # band r lies above row r: (upper, lower) end
    arches: list[list[tuple[float, float]]] = [[] for _ in rows]
    landing: list[list[float]] = [[] for _ in rows]
    for a, b in edges:
        if depth[a] == depth[b]:
            arches[depth[a]].append((min(place[a], place[b]), max(place[a], place[b])))
            continue
        upper, lower = (a, b) if depth[a] < depth[b] else (b, a)
        span = depth[lower] - depth[upper]
        ends = [place[upper] + (place[lower] - place[upper]) * i / span for i in range(span + 1)]
        for i in range(span):
            bands[depth[upper] + i + 1].append((ends[i], ends[i + 1]))
        landing[depth[lower]].append(place[lower])
    count = 0
    for band, arched, landed in zip(bands, arches, landing, strict=True):
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(band, 2))
        count += sum(left < end < right for left, right in arched for end in landed)
        count += sum(a < c < b < d or c < a < d < b for (a, b), (c, d) in combinations(arched, 2))
    return count


def fractions(rows: Sequence[Sequence[int]]) -> dict[int, float]:
    """Place of every node in its row, as a fraction of the row's width."""
    return {node: (i + 0.5) / len(row) for row in rows for i, node in enumerate(row)}


def mean(values: Iterable[float], default: float) -> float:
    values = list(values)
    return math.fsum(values) / len(values) if values else default
