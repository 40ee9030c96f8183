"""Values against their definition, one problem, k and name at a time."""

import numpy as np
import pytest

from analyses.readings.values import node_values
from coconut_core.definition import implicit_value
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.methods import METHODS
from coconut_core.model import CoconutModel
from coconut_core.problems.prosqa.problem import ProsqaProblem
from tests.conftest import every_family, every_shape


@every_family
@pytest.mark.parametrize("opening", ["entity", "every"])
def test_values_are_those_of_the_definition(tiny_model, problems, opening):
    check_against_definition(tiny_model, problems[:3], opening)


@every_shape
def test_names_of_several_tokens_are_multiplied_along_the_name(split_names_model, problems):
    encoder = Encoder(split_names_model.tokenizer)
    lengths = {len(ids) for ids in encoder.texts([name for p in problems[:3] for name in p.names])}
    assert len(lengths) > 1 and max(lengths) > 2
    check_against_definition(split_names_model, problems[:3], "entity")


def test_values_of_a_pause_model_are_those_of_the_definition(split_names_model, problems):
    pause = CoconutModel(split_names_model.lm, split_names_model.tokenizer, METHODS["pause_as_thought"])
    check_against_definition(pause, problems[:3], "every")


def check_against_definition(model, problems, opening):
    ks, encoder = (0, 1, 3), Encoder(model.tokenizer)
    pause = model.tokens.thought if model.method.slots == "pause" else None
    fast = node_values(model, problems, ks=ks, opening=opening, batch_size=2)
    for index, problem in enumerate(problems):
        (question,) = encoder.questions([problem.question])
        for at, k in enumerate(ks):
            forced = f"{problem.names[problem.root]} is a" if k == 0 and opening == "entity" else "Every"
            for node, name in enumerate(problem.names):
                stem, whole = encoder.texts([forced, f"{forced} {name}"])
                opens, ids = [model.tokens.end, *stem], whole[len(stem) :]
                expected = implicit_value(model.lm, question.ids, k, opens, ids, pause)
                assert fast.value[index, at, node] == pytest.approx(expected, rel=1e-10, abs=0)


def test_masses_sum_to_one_and_split_the_nodes(tiny_model, problems):
    values = node_values(tiny_model, problems, ks=range(5))
    total = values.candidate_mass + values.other_mass + values.off_graph
    np.testing.assert_allclose(total, 1, atol=1e-9)
    summary, there = values.masses.summary(), values.candidates.any(-1)
    assert summary["with_candidates"].tolist() == there.sum(0).tolist() and 0 < there[:, 3].sum() < len(problems)
    assert summary["candidate_mass"][3] == pytest.approx(values.candidate_mass[there[:, 3], 3].mean())
    assert np.isnan(values.value).sum() == sum(
        (values.value.shape[2] - len(p.names)) * len(values.ks) for p in problems
    )


def test_a_name_that_goes_on_another_is_counted_once(split_names_model):
    """All of the probability of "lem pus" is part of that of "lem"; the child of the root is "lempus" alone."""
    told = "Tom is a lempus. Every lempus is a lem. Every lem is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?"
    problem = ProsqaProblem.from_text(told)
    values = node_values(split_names_model, [problem], ks=(1,))
    of = dict(zip(problem.names, values.value[0, 0], strict=True))
    assert 0 < of["lempus"] < of["lem"]
    others = of["Tom"] + of["rompus"] + of["Bob"] + of["wumpus"]
    assert values.candidate_mass[0, 0] == pytest.approx(of["lempus"], abs=1e-12)
    assert values.other_mass[0, 0] == pytest.approx(of["lem"] - of["lempus"] + others, abs=1e-12)
    assert values.off_graph[0, 0] == pytest.approx(1 - of["lem"] - others, abs=1e-12)


def test_batches_do_not_matter(tiny_model, problems):
    together = node_values(tiny_model, problems, batch_size=12)
    apart = node_values(tiny_model, problems, batch_size=1)
    np.testing.assert_allclose(together.value, apart.value, atol=1e-12)


def test_frame_has_one_row_a_problem_k_and_node(tiny_model, problems):
    values = node_values(tiny_model, problems, ks=(0, 2))
    frame = values.frame()
    assert len(frame) == 2 * sum(len(p.names) for p in problems)
    assert not frame.duplicated(["problem", "k", "node"]).any()
    first = frame[(frame.problem == 0) & (frame.k == 2)].set_index("node")
    problem = problems[0]
    assert first.loc[problem.root, "depth"] == 0 and first.loc[problem.target, "depth"] == problem.hops
    assert first.loc[problem.target, ["height_shortest", "height_longest"]].tolist() == [0, 0]
    assert first.loc[problem.target, "reaches_target"] and not first.loc[problem.distractor, "reaches_target"]
    assert first["value"].idxmax() == first["rank"].idxmin()
    assert (first["candidate"] == (first["depth"] == 2).fillna(False)).all()
    assert set(frame[frame.k == 0].opening) == {"entity"} and set(frame[frame.k == 2].opening) == {"every"}


def test_unknown_names_are_refused(tiny_model):
    strange = ProsqaProblem.from_text("Zed is a foo. Yan is a bar. Is Zed a foo or bar?")
    with pytest.raises(InputError, match="lacks the name 'Zed'"):
        node_values(tiny_model, [strange])
