"""Many ProsQA graphs grown at once, and the question each is asked (paper, Appendix A, Algorithm 1).

Nodes 0 and 1 are the two candidates for the root. A node's label says from which of them it descends: 1, 2, 3
(both) or 0 (neither). Node after node gets a Poisson number of parents among the older ones; a share of the
nodes may only have parents of label 1, a share only of label 2, the rest any, and deeper parents are
favoured. Edges run from older to younger nodes, so one pass over the nodes gives depths and distances as
well: the loop is over nodes, never over graphs.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int, Int8

UNREACHED = 1_000
"""Distance of a node that cannot be reached; larger than any distance."""


@dataclass(frozen=True)
class Worlds:
    """A batch of graphs over the same number of grown nodes, most of which lose a few isolated ones."""

    parents: Int[np.ndarray, "graph node slot"]
    """Parents in the order in which they were drawn; the number of grown nodes stands for "none"."""
    label: Int8[np.ndarray, "graph node"]
    distance: Int[np.ndarray, "root graph node"]
    """BFS distance from node 0 and from node 1, or `UNREACHED`."""
    ways: Int[np.ndarray, "root graph node"]
    """Number of shortest paths from node 0 and from node 1."""
    kept: Bool[np.ndarray, "graph node"]
    """Nodes with a parent or a child."""
    leaf: Bool[np.ndarray, "graph node"]
    """Kept nodes without children."""
    parentless: Bool[np.ndarray, "graph node"]
    """Kept nodes without parents: the persons."""


@dataclass(frozen=True)
class Questions:
    """The question of each graph; `sound` is False where a graph has none."""

    sound: Bool[np.ndarray, " graph"]
    root: Int[np.ndarray, " graph"]
    target: Int[np.ndarray, " graph"]
    distractor: Int[np.ndarray, " graph"]
    hops: Int[np.ndarray, " graph"]
    ways: Int[np.ndarray, " graph"]
    """Number of shortest paths from root to target."""


def grow(
    rng: np.random.Generator,
    graphs: int,
    nodes: int,
    *,
    mean_parents: float,
    shares: tuple[float, float],
    depth_weight: float,
) -> Worlds:
    """Grow graphs of `nodes` nodes each; a parent at depth d is drawn with weight `depth_weight` d + 1.

    The depth of a node that descends from both roots counts as 0: see `SamplerSettings` on calibration.
    """
    wanted = rng.poisson(mean_parents, (graphs, nodes))
    draw = rng.random((graphs, nodes))
    side = (draw > shares[0]).astype(np.int8) + (draw > shares[0] + shares[1])
    # Row: side of the new node (first root's, second root's, any); column: label of a possible parent.
    allowed = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]], bool)

    parents = np.full((graphs, nodes, max(int(wanted.max()), 1)), nodes)
    label = np.zeros((graphs, nodes), np.int8)
    label[:, 0], label[:, 1] = 1, 2
    weight: Float32[np.ndarray, "graph node"] = np.ones((graphs, nodes), np.float32)
    distance = np.full((2, graphs, nodes), UNREACHED)
    ways = np.zeros((2, graphs, nodes), int)
    for root in (0, 1):
        distance[root, :, root], ways[root, :, root] = 0, 1
    depth = np.zeros((graphs, nodes), int)
    for node in range(2, nodes):
        # Of exponential variables with rates w the smallest is number i with probability w_i / sum(w), and
        # the next smallest is such a draw from the rest: the k smallest are k draws without replacement.
        arrival = rng.standard_exponential((graphs, node), dtype=np.float32)
        arrival /= weight[:, :node]
        arrival[~allowed[side[:, node, None], label[:, :node]]] = np.inf
        rows = np.arange(graphs)
        lowest = np.full(graphs, UNREACHED)
        for slot in range(parents.shape[2]):
            rows = rows[wanted[rows, node] > slot]
            parent = arrival[rows].argmin(axis=1) if len(rows) else rows
            free = np.isfinite(arrival[rows, parent])
            rows, parent = rows[free], parent[free]
            if not len(rows):
                break
            arrival[rows, parent] = np.inf
            parents[rows, node, slot] = parent
            label[rows, node] |= label[rows, parent]
            lowest[rows] = np.minimum(lowest[rows], depth[rows, parent])
            for root in (0, 1):
                before, after = distance[root, rows, node], distance[root, rows, parent] + 1
                distance[root, rows, node] = np.minimum(before, after)
                added = ways[root, rows, parent] * (after <= before)
                ways[root, rows, node] = ways[root, rows, node] * (before <= after) + added
        depth[:, node] = np.where((lowest < UNREACHED) & (label[:, node] != 3), lowest + 1, 0)
        weight[:, node] = depth_weight * depth[:, node] + 1
    places = np.arange(graphs)[:, None, None] * (nodes + 1) + parents
    children = np.bincount(places.ravel(), minlength=graphs * (nodes + 1)).reshape(graphs, nodes + 1)[:, :nodes]
    has_parent = parents[:, :, 0] < nodes
    kept = has_parent | (children > 0)
    return Worlds(parents, label, distance, ways, kept, kept & (children == 0), kept & ~has_parent)


def ask(rng: np.random.Generator, worlds: Worlds) -> Questions:
    """One question a graph: the deepest leaf that descends from one root only is the target.

    The root whose deepest such leaf is deeper asks; ties, of roots and of leaves, are broken at random. The
    distractor is any leaf that descends from the other root only.
    """
    graphs, nodes = worlds.label.shape
    own = np.stack([worlds.leaf & (worlds.label == label) for label in (1, 2)])
    # A random fraction breaks ties between leaves at the same distance.
    depth = np.where(own, worlds.distance + rng.random((2, graphs, nodes)), -1.0)
    deepest = depth.max(axis=2)
    whole = np.floor(deepest)
    coin = rng.random(graphs) < 0.5
    root = np.where(whole[0] == whole[1], coin, whole[1] > whole[0]).astype(int)
    row = np.arange(graphs)
    target = depth[root, row].argmax(axis=1)
    distractor = np.where(own[1 - root, row], rng.random((graphs, nodes)), -1.0).argmax(axis=1)
    sound = (deepest > 0).all(axis=0)
    hops = np.where(sound, whole[root, row], 0).astype(int)
    return Questions(sound, root, target, distractor, hops, worlds.ways[root, row, target])


def steps_back(
    rng: np.random.Generator, worlds: Worlds, root: Int[np.ndarray, " graph"]
) -> Int[np.ndarray, "graph node"]:
    """For each node one of its parents nearer to the root, at random; meaningless where there is none."""
    graphs, nodes = worlds.label.shape
    row = np.arange(graphs)
    distance = np.concatenate([worlds.distance[root, row], np.full((graphs, 1), UNREACHED)], axis=1)
    nearer = distance[row[:, None, None], worlds.parents] == distance[:, :nodes, None] - 1
    slot = np.where(nearer, rng.random(nearer.shape), -1.0).argmax(axis=2)
    return np.take_along_axis(worlds.parents, slot[:, :, None], axis=2)[:, :, 0]


def chosen(worlds: Worlds, graphs: Int[np.ndarray, " some"]) -> Worlds:
    """The graphs with the given places in the batch."""
    return Worlds(
        worlds.parents[graphs],
        worlds.label[graphs],
        worlds.distance[:, graphs],
        worlds.ways[:, graphs],
        worlds.kept[graphs],
        worlds.leaf[graphs],
        worlds.parentless[graphs],
    )
