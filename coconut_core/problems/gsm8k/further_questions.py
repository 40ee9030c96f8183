"""Further questions about the facts of a problem: the numbers of the other persons, for training to ask as well.

They differ from the problem's text in their last sentence alone, so that the facts are encoded once for all of them.
"""

import random
from dataclasses import replace

import numpy as np

from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.gsm8k.sampler import WorldSettings, problem_of


def further_questions(
    problem: Gsm8kProblem, count: int, settings: WorldSettings, rng: np.random.Generator
) -> list[Gsm8kProblem]:
    """Up to `count` others, in random order, each of a number of steps that the settings allow."""
    world = problem.world
    if world is None:
        return []
    computed = {owner for owner, fact in world.fact_of.items() if fact.operator}
    askable = [owner for owner in computed if len(world.needed(owner) & computed) in settings.steps]
    others = sorted(set(askable) - {world.asked})
    chosen = [others[place] for place in rng.permutation(len(others))[:count].tolist()]
    told = problem.question.rpartition(". ")[0] + "."
    return [problem_of(replace(world, asked=owner), random.Random(int(rng.integers(2**63))), told) for owner in chosen]
