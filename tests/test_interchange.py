"""Interchanges between problems that differ in one fact, on models of which it is known what decides the answer."""

from dataclasses import replace

import pytest

from analyses.figures.causal.interchange import EVERY, FACT, interchange
from analyses.readings.intervals import wilson
from analyses.readings.study import Study
from coconut_core.errors import InputError
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems


@pytest.fixture(scope="module")
def problems():
    return sample_problems(SamplerSettings(nodes=(7, 9), hops={2: 1.0, 3: 1.0}), 5, seed=4)


def thinking_thrice(name):
    """Three thoughts are enough for two and three steps."""
    return replace(known_checkpoint(name), card={"known": name, "max_thoughts": 3})


@pytest.fixture(scope="module")
def found(problems):
    names = ("known_bfs", "known_decoy")
    return {name: interchange(Study([(name, thinking_thrice(name))], problems)) for name in names}


def test_a_search_in_thoughts_shows_a_triangle(found):
    table = found["known_bfs"].frame()
    by_step = table[table["step"] > 0]
    for _, row in by_step[by_step["thought"] != EVERY].iterrows():
        assert row["share"] == (int(row["thought"]) >= row["step"]), row
    assert by_step["step"].nunique() > 1
    whole = table[table["step"] == 0].set_index(["panel", "place", "layer", "thought"])
    # Frozen, only the last thought tells the answer what was changed.
    frozen = whole.sort_index().loc[("frozen", "fed", 0)]["share"]
    assert frozen[["1", "2"]].sum() == 0 and frozen["3"] == frozen[EVERY] == 1
    assert (whole["mass"] > 0.99).all()


def test_thoughts_that_are_not_used_turn_nothing(found):
    table = found["known_decoy"].frame()
    assert (table[table["thought"] != FACT]["turned"] == 0).all()


def test_the_table_has_its_counts_and_the_figure_every_cell(found):
    result = found["known_bfs"]
    table = result.frame()
    for row in table.itertuples():
        assert row.share == row.turned / row.n and (row.low, row.high) == wilson(row.turned, row.n)
    whole = table[table["step"] == 0]
    assert len(whole) == 3 * 6 * 4 + 2 * 5 and not whole.duplicated(["panel", "place", "layer", "thought"]).any()
    maps = result.figure().data
    drawn = sum(value == value for trace in maps[:3] for line in trace.z for value in line)
    assert drawn == len(whole) and len(maps) == 4
    assert f"{int(whole['n'].max())} pairs" in result.caption()


def test_donors_are_answered_by_who_follows_the_facts(found):
    assert found["known_bfs"].donors_right == 1 > found["known_decoy"].donors_right


def test_without_a_pair_there_is_one_sentence(tiny_loaded):
    # The only fact about Tom cannot lead elsewhere.
    problem = ProsqaProblem.from_text("Tom is a rompus. Bob is a wumpus. Is Tom a rompus or wumpus?")
    with pytest.raises(InputError, match="No problem with a fact that could turn the answer"):
        interchange(Study([("tiny", tiny_loaded)], [problem]))
