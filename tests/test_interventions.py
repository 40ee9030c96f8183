"""Changes of thoughts: each does what it says, to the positions that it names."""

import numpy as np
import pytest
import torch

from analyses.figures.interventions import interventions
from analyses.readings.changed_thoughts import KINDS, slot_edits
from analyses.readings.study import Study
from coconut_core.checkpoints import Checkpoint
from coconut_core.generation import Answers, answers
from coconut_core.methods import METHODS
from tests.fed import fed_into_slots


@pytest.fixture(scope="module")
def study(tiny_llama, problems):
    pause = tiny_llama.with_method(METHODS["pause_as_thought"])
    return Study([("tiny", Checkpoint(tiny_llama)), ("pause", Checkpoint(pause))], problems)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "remove"])
def test_each_change_is_what_it_says(study, kind):
    model, clean = study.model.model, study.thoughts(study.model)[:, :4]
    edits = slot_edits(kind, [2])
    found = fed_into_slots(model, study.problems, edits, 4)
    torch.testing.assert_close(found[:, 0], clean[:, 0], rtol=0, atol=1e-4)
    expected = {
        "zero": torch.zeros_like(clean[:, 1]),
        "mean": clean[:, 1].mean(0).expand_as(clean[:, 1]),
        "swap": clean[:, 1].roll(1, 0),
        "freeze": clean[:, 0],
    }
    if kind in ("noise", "blur"):
        noise = found[:, 1] - (clean[:, 1] if kind == "blur" else 0)
        torch.testing.assert_close(noise.norm(dim=-1), clean[:, 1].norm(dim=-1), rtol=1e-4, atol=0)
        assert torch.nn.functional.cosine_similarity(noise, clean[:, 1]).abs().max() < 0.9
    else:
        torch.testing.assert_close(found[:, 1], expected[kind], rtol=0, atol=1e-4)
    torch.testing.assert_close(fed_into_slots(model, study.problems, edits, 4), found, rtol=0, atol=0)
    # What follows is thought anew from the change, and fed as it is.
    assert (found[:, 2] - clean[:, 2]).abs().max() > 1e-3


def test_freezing_all_repeats_the_first(study):
    model = study.model.model
    found = fed_into_slots(model, study.problems, slot_edits("freeze", [1, 2, 3, 4]), 4)
    torch.testing.assert_close(found, found[:, :1].expand_as(found))


def test_the_table_has_every_position_with_its_n(study):
    table = interventions(study).frame()
    own = table[table["subject"] == "Coconut"]
    assert len(own) == 1 + 7 * 7 - 1 and (own["n"] == len(study.problems)).all()
    clean = own[own["kind"] == "none"].iloc[0]
    told = answers(study.model.model, study.problems, ks=(6,))
    assert clean["accuracy"] == told.correct.mean() and clean["flips"] == 0
    # Pauses are all the same, so that exchanging them changes nothing.
    pause = table[table["subject"] == "Pause as thought"].set_index("kind")
    assert pause.loc[["swap", "freeze"], "flips"].tolist() == [0, 0] and len(pause) == 8


def test_a_flip_is_another_answer_and_not_another_chain(study):
    from analyses.figures.interventions import _row

    def told(*texts):
        nothing = np.zeros((len(texts), 1))
        return Answers((6,), tuple((text,) for text in texts), nothing.astype(bool), nothing.astype(int))

    clean = told("A chain. ### Tom is a wumpus.", "### Tom is a lempus.")
    changed = told("Another chain. ### Tom is a wumpus.", "### Tom is a wumpus.")
    assert _row(study, study.model, "zero", 1, changed, clean)["flips"] == 1
