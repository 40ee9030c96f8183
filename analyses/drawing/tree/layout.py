"""Where the nodes and edges of a search tree stand: rows of depth, ordered by barycentre sweeps.

The depth of each node is the problem's to say (`GraphProblem.depth`): usually the number of steps in which it can be
reached, so that the row of the nodes that thought k may hold follows from k. Nodes with a depth are laid out; marked
nodes without one, which cannot be reached, stand in a row of their own below, without edges.

Every node is a card: a round seat with its name below. An edge leaves a card at its lower rim and arrives at
the top of a seat, so that edges from row to row stay in the band between two rows, where nothing is written;
edges within a row arch over it; edges over several rows, up or down, bow around the cards in between. `y` is in
pixels and never stretched. `x` is in pixels of a picture that is `WIDTH` wide; a wider page stretches it,
which only widens the gaps.

Pure geometry: it knows nothing of values, plotly or colours.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import networkx as nx

from analyses.drawing.tree.order import best_order, fractions, mean

WIDTH = 710.0
"""Width for which cards are kept apart: what a 1280 pixel window leaves beside the sidebar."""
ROW, ROW_PER_NODE = 88.0, 3.0
"""Distance between two rows: the wider the widest row, the more oblique its edges."""
SEAT = 19.0
"""Radius of a seat: the circle that a value of 1 would fill."""
RING = 5.0
"""Room around the seat of a marked node for its ring."""
NAME = 19.0
"""Height of a name below its seat; the second line of a card takes `LINE` more."""
LINE = 14.0
APART = 14.0
"""Further distance of the nodes that cannot be reached, for the line that parts them from the tree."""
FEWEST_SLOTS = 6
"""Places in the widest row at least, so that narrow trees do not sprawl."""
CURVE_POINTS = 16
RIM = 5.0
"""How far beside the top of a seat curved edges start and end, so that arrowheads do not pile up."""


@dataclass(frozen=True)
class TreeEdge:
    """One edge as a line of points from the rim of `parent` to the rim of `child`."""

    parent: int
    child: int
    kind: Literal["tree", "other"]
    """`"tree"`: straight, from the row above, at most one for each node. `"other"`: curved."""
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class TreeLayout:
    """Places of the nodes that are drawn: of the graph alone, the same for every k and every model."""

    root: int
    rows: tuple[tuple[int, ...], ...]
    """Nodes of each depth from left to right; `apart` is not among them."""
    apart: tuple[int, ...]
    """Marked nodes that cannot be reached from the root."""
    x: Mapping[int, float]
    y: Mapping[int, float]
    """Pixels, 0 for the root, downwards negative."""
    drop: Mapping[int, float]
    """How far below its seat a name starts: room for a ring, `LINE` for every other one in a crowded row."""
    crowded: bool
    """Whether the names of some row alternate between two lines."""
    edges: tuple[TreeEdge, ...]
    crossings: int
    """Counted crossings of the chosen order."""
    slot: float
    """Least distance of two neighbours, in pixels at `WIDTH`."""

    @property
    def nodes(self) -> tuple[int, ...]:
        """All nodes that are drawn, row by row, then the ones apart."""
        return tuple(node for row in self.rows for node in row) + self.apart

    @property
    def depth(self) -> dict[int, int]:
        """Row of every node that can be reached."""
        return {node: depth for depth, row in enumerate(self.rows) for node in row}

    @property
    def bottom(self) -> float:
        """`y` of the lowest row."""
        return min(self.y.values())


def lay_out(
    graph: nx.DiGraph,
    root: int,
    depth: Mapping[int, int],
    marked: Sequence[int] = (),
    label_width: Mapping[int, float] | None = None,
) -> TreeLayout:
    """The layout of the nodes that have a `depth`, their row from 0 on, and of the `marked` nodes that have none.

    The root's depth is 0. Any other depths will do: rows may be empty, and edges may skip some. `label_width` is the
    width of each node's name in pixels; it decides whether names of crowded rows alternate between two lines, and is
    kept clear of edges over several rows.
    """
    label_width = {} if label_width is None else label_width
    rows: list[list[int]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in dict.fromkeys([*nx.bfs_tree(graph, root), *depth]):
        if node in depth:
            rows[depth[node]].append(node)
    edges = [(a, b) for a, b in graph.edges if a in depth and b in depth and a != b]
    rows, crossings = best_order(rows, edges, depth)
    apart = tuple(dict.fromkeys(node for node in marked if node not in depth))
    slots = max(FEWEST_SLOTS, *map(len, rows), len(apart))
    slot = WIDTH / slots
    x = {node: (place + 0.5) * slot for node, place in _places(rows, edges, depth, slots).items()}
    x |= {node: WIDTH * (i + 1) / (len(apart) + 1) for i, node in enumerate(apart)}
    pitch = ROW + ROW_PER_NODE * max(map(len, rows))
    y = {node: -pitch * row for node, row in depth.items()}
    y |= dict.fromkeys(apart, -pitch * len(rows) - APART)
    drop = {node: RING * (node in marked) for node in y}
    for row in rows:
        if any(label_width.get(node, 0) > slot - 4 for node in row) and len(row) > 1:
            drop |= {node: drop[node] + LINE for node in row[1::2]}
    floor = {node: SEAT + NAME + drop[node] + LINE * (node in marked) for node in y}
    top = {node: SEAT + RING * (node in marked) for node in y}
    cards = [(x[node], y[node], max(SEAT, label_width.get(node, 0) / 2) + 3, floor[node] + 2) for node in depth]
    tree = _tree_parents(rows, edges, depth, x)
    numbers = [(x[node] + top[node] + 16, y[node], 16.0, 8.0) for node in depth]
    drawn = []
    for parent, child in edges:
        start = (x[parent], y[parent] - floor[parent])
        end = (x[child], y[child] + top[child])
        side = math.copysign(RIM, x[child] - x[parent])
        if tree.get(child) == parent:
            drawn.append(TreeEdge(parent, child, "tree", (start[0], end[0]), (start[1], end[1])))
            continue
        climb = depth[parent] - depth[child]
        if climb >= 0:
            start = (x[parent] + side, y[parent] + top[parent] - 1)
        if climb >= 1:
            end = (x[child], y[child] - floor[child])
        else:
            end = (x[child] - side, y[child] + top[child] - 1)
        control = _control(start, end, climb, cards + numbers)
        drawn.append(TreeEdge(parent, child, "other", *_bezier(start, control, end, CURVE_POINTS)))
    return TreeLayout(
        root=root,
        rows=tuple(map(tuple, rows)),
        apart=apart,
        x=x,
        y=y,
        drop=drop,
        crowded=any(fall >= LINE for fall in drop.values()),
        edges=tuple(drawn),
        crossings=crossings,
        slot=slot,
    )


def _places(
    rows: Sequence[Sequence[int]], edges: Sequence[tuple[int, int]], depth: Mapping[int, int], slots: int
) -> dict[int, float]:
    """Places 0..slots - 1, in the rows' order, at least 1 apart, near the means of parents and children."""
    parents = {node: [a for a, b in edges if b == node and depth[a] == depth[node] - 1] for node in depth}
    children = {node: [b for a, b in edges if a == node and depth[b] == depth[node] + 1] for node in depth}
    place = {node: fraction * slots - 0.5 for node, fraction in fractions(rows).items()}
    for near, order in [(children, rows[::-1]), (parents, rows), (children, rows[::-1]), (parents, rows[1:])]:
        for row in order:
            wished = [mean((place[n] for n in near[node]), place[node]) for node in row]
            place |= dict(zip(row, _spread(wished, slots), strict=True))
    if len(rows[0]) == 1 and len(rows) > 1:
        place[rows[0][0]] = mean((place[n] for n in rows[1]), place[rows[0][0]])
    middle = (min(place.values()) + max(place.values())) / 2
    return {node: p + (slots - 1) / 2 - middle for node, p in place.items()}


def _spread(wished: Sequence[float], slots: int) -> list[float]:
    """The places nearest to the wished ones (least squares) that keep order, distance 1 and the range."""
    blocks: list[tuple[float, int]] = []  # (mean, size) of pools of adjacent violators
    for i, place in enumerate(wished):
        mean, size = place - i, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        blocks.append((mean, size))
    pooled = [mean for mean, size in blocks for _ in range(size)]
    return [min(max(mean, 0.0), slots - len(wished)) + i for i, mean in enumerate(pooled)]


def _tree_parents(
    rows: Sequence[Sequence[int]],
    edges: Sequence[tuple[int, int]],
    depth: Mapping[int, int],
    x: Mapping[int, float],
) -> dict[int, int]:
    """The parent of each node in the tree: of the parents one row up, the nearest one."""
    tree: dict[int, int] = {}
    for parent, child in edges:
        if depth[parent] == depth[child] - 1:
            if child not in tree or abs(x[parent] - x[child]) < abs(x[tree[child]] - x[child]):
                tree[child] = parent
    return tree


Point = tuple[float, float]


def _control(start: Point, end: Point, climb: int, cards: Sequence[tuple[float, float, float, float]]) -> Point:
    """Control point of a curved edge; `climb` is the number of rows it goes up (below 0: down)."""
    (x0, y0), (x1, y1) = start, end
    if climb == 0:
        # An arch; longer ones rise higher, so that they nest. A curve reaches half its control's height.
        height = min(22 + 0.05 * abs(x1 - x0), 44)
        return (x0 + x1) / 2, y0 + 2 * height
    if climb in (-1, 1):
        bow = 18.0 if abs(x1 - x0) < 8 else 0.0
        return x1 + 0.15 * (x0 - x1) + bow, y0 + 0.35 * (y1 - y0)
    # Over several rows: the bow that touches the fewest cards, and of those the smallest.
    bows = sorted((side * step for step in range(0, int(WIDTH) // 2, 16) for side in (1, -1)), key=abs)
    controls = [((x0 + x1) / 2 + bow, y0 + share * (y1 - y0)) for bow in bows for share in (0.5, 0.2, 0.8)]
    near = [card for card in cards if min(y0, y1) - 2 * SEAT < card[1] < max(y0, y1) + 2 * SEAT]
    best, fewest = controls[0], math.inf
    for control in controls:
        touched = _touched(*_bezier(start, control, end, 48), near)
        if touched < fewest:
            best, fewest = control, touched
        if not touched:
            break
    return best


def _touched(xs: Sequence[float], ys: Sequence[float], cards: Sequence[tuple[float, float, float, float]]) -> int:
    """How many points of a line lie on a card (or outside the picture)."""
    outside = sum(not 0 <= x <= WIDTH for x in xs)
    return outside + sum(
        abs(x - cx) < half and cy - floor < y < cy + SEAT + 2
        for x, y in zip(xs[1:-1], ys[1:-1], strict=True)
        for cx, cy, half, floor in cards
    )


def _bezier(start: Point, control: Point, end: Point, points: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A quadratic Bezier curve, both ends included, as the tuples of its x and y."""
    steps = [i / (points - 1) for i in range(points)]
    return tuple(
        tuple((1 - t) ** 2 * start[i] + 2 * t * (1 - t) * control[i] + t**2 * end[i] for t in steps) for i in (0, 1)
    )  # type: ignore[return-value]
