"""Seeded ProsQA problems that match the official ones (paper, Appendix A), thousands a second.

problems = sample_problems(OFFICIAL, 1_000, seed=0)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.growth import Questions, Worlds, ask, chosen, grow, steps_back
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.text import answer_text, asked_text, steps_text
from coconut_core.problems.ranges import require_weights

PERSONS = tuple("Tom Gabriel Polly Alex Max Rex Stella Bob Oliver Fae Sally Jack Carol Davis Eva Sam Wren".split())
SPECIES = tuple(
    """bompus boompus brimpus chorpus dumpus felpus fompus gerpus gorpus grimpus gwompus hilpus impus jelpus
    jompus kerpus lempus lorpus numpus quimpus rempus rompus rorpus scrompus shumpus sterpus storpus terpus
    timpus tumpus vumpus worpus wumpus yerpus yimpus yumpus zhorpus zumpus""".split()
)

_BATCH = (64, 2_048)
"""Fewest and most graphs grown at once."""
_PATIENCE = 100_000
"""Graphs that are grown before a rare number of hops is given up."""
_RAREST = 1 / 20_000
"""Share of graphs below which a number of hops counts as out of reach: a quarter of a second a problem."""


@dataclass(frozen=True)
class SamplerSettings:
    """Which problems to draw. The defaults are the official ones.

    `SamplerSettings(nodes=(8, 14), hops={2: 0.4, 3: 0.4, 4: 0.2})` is a smaller world and
    `SamplerSettings(nodes=(5, 8), hops={1: 0.5, 2: 0.5})` a first one.

    Calibration. Algorithm 1 as printed, grown to 28 nodes less the isolated ones, gives 25 nodes of which 4.8
    have no parents. With the following differences, inferred from the 300 official validation problems (order
    of nodes, labels of parents, depths of leaves) and not stated in the paper, it gives the released ones:

    - Every graph is grown to 28 nodes, then nodes without parents and children are dropped. This alone gives
      the spread of 14 to 28 nodes.
    - Descendants of neither root can be parents only of nodes that may have any parent.
    - The second root's side gets about .45 of the nodes, not .35: it asks 65% of the official questions.
    - Depth, in the weight of a parent, is one more than that of the shallowest parent, and 0 for descendants
      of both roots.
    - The target is the deepest of the leaves that only its root reaches, and the root whose deepest such leaf
      is deeper asks the question. The distractor is any leaf that only the other root reaches.

    Hops come out as .41 .42 .14 .03 then; they are drawn from `hops`, and graphs with others are left out.
    What remains is fitted: shares of .34 and .46, a weight of 1.6 for depth, and graphs with n shortest paths
    are kept with probability .93 ** (n - 1), which moves the mean of n from 1.65 to 1.59 (official 1.59).
    """

    nodes: tuple[int, ...] = (14, 28)
    """Fewest and most nodes; graphs are grown to the most."""
    hops: Mapping[int, float] = field(default_factory=lambda: {3: 0.41, 4: 0.44, 5: 0.13, 6: 0.02}, hash=False)
    """Weight of each length of the shortest path from root to target, in edges."""
    mean_parents: float = 1.5
    """Mean of the Poisson number of parents that a new node asks for."""
    shares: tuple[float, float] = (0.34, 0.46)
    """Shares of the nodes that only the first, only the second root's descendants can be parents of."""
    depth_weight: float = 1.6
    """A possible parent at depth d has weight `depth_weight` d + 1 (1.5 in Algorithm 1)."""
    path_weight: float = 0.93
    """A graph with n shortest paths from root to target is kept with probability `path_weight` ** (n - 1)."""

    def __post_init__(self) -> None:
        if len(self.nodes) != 2:
            raise InputError(f"nodes {list(self.nodes)} is not two numbers; give the fewest and the most.")
        fewest, most = self.nodes
        if not 4 <= fewest <= most <= len(PERSONS) + len(SPECIES):
            raise InputError(
                f"nodes must be a range within 4 to {len(PERSONS) + len(SPECIES)}, the number of names, "
                f"not {fewest} to {most}."
            )
        if not self.hops or min(self.hops) < 1:
            raise InputError("hops must give a weight to at least one number of hops, each 1 or more.")
        require_weights("hops", self.hops)
        # The path, the other root and the distractor are all different nodes.
        if max(self.hops) + 3 > most:
            raise InputError(
                f"A problem of {max(self.hops)} hops needs {max(self.hops) + 3} nodes, but nodes ends at "
                f"{most}: ask for fewer hops or more nodes."
            )
        if not (math.isfinite(self.mean_parents) and self.mean_parents > 0):
            raise InputError(f"mean_parents must be above 0, not {self.mean_parents}.")
        if min(self.shares) <= 0 or sum(self.shares) > 1:
            raise InputError(f"shares must be two shares above 0 that sum to at most 1, not {self.shares}.")
        if not (math.isfinite(self.depth_weight) and self.depth_weight >= 0):
            raise InputError(f"depth_weight must be 0 or more, not {self.depth_weight}.")
        if not 0 < self.path_weight <= 1:
            raise InputError(f"path_weight must be above 0 and at most 1, not {self.path_weight}.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values of what people choose, and of the calibration where it is not the usual one."""
        always = {"nodes": list(self.nodes), "hops": dict(self.hops)}
        calibration = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in always}
        usual = {each.name: each.default for each in fields(self)}
        return always | {name: value for name, value in calibration.items() if value != usual[name]}


OFFICIAL = SamplerSettings()
"""Settings of the released ProsQA files."""


def sample_problems(settings: SamplerSettings, count: int, seed: int | Sequence[int]) -> list[ProsqaProblem]:
    """`count` problems; the same (settings, count, seed) give the same problems.

    The numbers of hops are drawn from their weights, then graphs are grown until every one is found.
    `InputError` if graphs of these settings next to never have one of the numbers of hops.
    """
    if count < 0:
        raise InputError(f"The number of problems must be 0 or more, not {count}.")
    rng = np.random.default_rng(seed)
    lengths = sorted(settings.hops)
    weights = np.array([settings.hops[length] for length in lengths], float)
    places: dict[int, list[int]] = {length: [] for length in lengths}
    for place, length in enumerate(rng.choice(lengths, size=count, p=weights / weights.sum()).tolist()):
        places[length].append(place)
    problems: dict[int, ProsqaProblem] = {}
    found = dict.fromkeys(lengths, 0)
    grown = 0
    while len(problems) < count:
        worlds = grow(
            rng,
            _batch_size(places, found, grown),
            settings.nodes[1],
            mean_parents=settings.mean_parents,
            shares=settings.shares,
            depth_weight=settings.depth_weight,
        )
        questions = ask(rng, worlds)
        size, persons = worlds.kept.sum(axis=1), worlds.parentless.sum(axis=1)
        fits = questions.sound & (rng.random(len(size)) < settings.path_weight ** (questions.ways - 1.0))
        fits &= size >= settings.nodes[0]
        fits &= (persons <= len(PERSONS)) & (size - persons <= len(SPECIES))
        grown += len(fits)
        taken: list[int] = []
        taken_places: list[int] = []
        for length in lengths:
            have = np.flatnonzero(fits & (questions.hops == length)).tolist()
            found[length] += len(have)
            waiting = places[length]
            taken += have[: len(waiting)]
            taken_places += waiting[: len(have)]
            del waiting[: len(have)]
            if waiting and grown >= _PATIENCE and found[length] < _RAREST * grown:
                raise InputError(
                    f"Only {found[length]} of {grown:,} graphs have {settings.nodes[0]} to "
                    f"{settings.nodes[1]} nodes, names for all and a question of {length} hops: change nodes "
                    "or hops."
                )
        picked = np.array(taken, int)
        problems.update(zip(taken_places, _rendered(rng, worlds, questions, picked), strict=True))
    return [problems[place] for place in range(count)]


def _batch_size(places: Mapping[int, Sequence[int]], found: Mapping[int, int], grown: int) -> int:
    """About as many graphs as the hops that are still waited for need, by the shares found so far."""
    need = max(len(waiting) * (grown + 20) / (found[length] + 5) for length, waiting in places.items() if waiting)
    return int(min(max(1.1 * need, _BATCH[0]), _BATCH[1]))


def _rendered(
    rng: np.random.Generator, worlds: Worlds, questions: Questions, picked: np.ndarray
) -> list[ProsqaProblem]:
    """The problems of some graphs of a batch: nodes renumbered and named, facts in random order."""
    worlds = chosen(worlds, picked)
    root, target, distractor = (array[picked] for array in (questions.root, questions.target, questions.distractor))
    graphs, grown = worlds.label.shape
    row = np.arange(graphs)
    number = worlds.kept.cumsum(axis=1) - 1

    people = np.argsort(rng.random((graphs, len(PERSONS))), axis=1)
    species = np.argsort(rng.random((graphs, len(SPECIES))), axis=1)
    nth_person = np.minimum(worlds.parentless.cumsum(axis=1) - 1, len(PERSONS) - 1)
    nth_species = np.clip(number - worlds.parentless.cumsum(axis=1), 0, len(SPECIES) - 1)
    name = np.where(
        worlds.parentless,
        np.take_along_axis(people, np.maximum(nth_person, 0), axis=1),
        len(PERSONS) + np.take_along_axis(species, nth_species, axis=1),
    )
    name_lists = np.split(name[worlds.kept], worlds.kept.sum(axis=1).cumsum()[:-1])

    # Row-major order of the slots is the official order of edges: by child, then as parents were drawn.
    graph, child, slot = np.nonzero(worlds.parents < grown)
    parent = worlds.parents[graph, child, slot]
    ends = np.bincount(graph, minlength=graphs).cumsum().tolist()
    edges = list(zip(number[graph, parent].tolist(), number[graph, child].tolist(), strict=True))
    order = np.lexsort((rng.random(len(graph)), graph)).tolist()

    back = np.where(worlds.kept, number[row[:, None], steps_back(rng, worlds, root) % grown], -1)
    target_first = (rng.random(graphs) < 0.5).tolist()
    asked = zip(
        number[row, root].tolist(),
        number[row, target].tolist(),
        number[row, distractor].tolist(),
        strict=True,
    )
    problems = []
    start = 0
    for g, (top, goal, other) in enumerate(asked):
        names = tuple([_NAMES[i] for i in name_lists[g].tolist()])
        subject = [_SUBJECTS[i] for i in name_lists[g].tolist()]
        step = back[g][worlds.kept[g]].tolist()
        path = [goal]
        while path[-1] != top:
            path.append(step[path[-1]])
        path.reverse()
        facts = [f"{subject[edges[e][0]]} is a {names[edges[e][1]]}." for e in order[start : ends[g]]]
        first, second = (goal, other) if target_first[g] else (other, goal)
        facts.append(asked_text(names[top], names[first], names[second]))
        problems.append(
            ProsqaProblem(
                question=" ".join(facts),
                answer=answer_text(names[top], names[goal]),
                steps=steps_text(names, path),
                names=names,
                edges=tuple(edges[start : ends[g]]),
                root=top,
                target=goal,
                distractor=other,
            )
        )
        start = ends[g]
    return problems


_NAMES = PERSONS + SPECIES
_SUBJECTS = PERSONS + tuple(f"Every {name}" for name in SPECIES)
