"""Edits: that each is made where the record says, that an edit by the same state changes nothing, and bad records."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from analyses.readings.values import node_values
from coconut_core.edits.edited_model import PARTS, widths
from coconut_core.edits.record import Edit, read_edits
from coconut_core.edits.thinking import thinking
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.known.folder import known_model
from coconut_core.methods import METHODS
from coconut_core.problems.problem import Problem
from coconut_core.thoughts import thought_states
from tests.command_line import coconut
from tests.conftest import every_shape
from tests.fed import fed_into_slots
from tests.test_known import path_of

COUNT = 4


@pytest.fixture(scope="module")
def few(problems):
    """Of unequal lengths, and each with facts of the classes that are edited."""
    return problems[:4]


def basis(width, rank=3):
    return np.linalg.qr(np.random.default_rng(0).normal(size=(width, rank)))[0]


def after(model, batch):
    """Final states of `<eot>` after all thoughts, which depend on everything that came before."""
    from coconut_core.columns import CONTINUATION, ColumnWriter, address

    rows = len(batch.problems)
    columns = ColumnWriter(rows, 1, 0)
    for row, begin in enumerate(batch.thoughts.begin.tolist()):
        enter = address(0, COUNT, 0)
        columns.write(row, 0, [model.tokens.end], begin + COUNT + 1, enter, enter + CONTINUATION - 1)
    with torch.no_grad():
        return model.continue_from(batch.thoughts, columns.columns())[0][:, 0]


def read(model, problems, edits=(), donors=None):
    edited, batch = thinking(model, problems, COUNT, edits, donors)(range(len(problems)))
    return batch.thoughts.states, after(edited, batch)


def edits_of(model, content="swap", **further):
    """An edit of every kind of place: slots, thoughts in every part, facts in every part, within a subspace."""
    yield Edit("fed", content, thoughts=(2, 3), **further)
    for part in PARTS:
        width = widths(model)[part][1]
        yield Edit(part, content, thoughts=(2, 3), layers=(1, 2), **further)
        yield Edit(part, content, facts="frontier", step=2, layers=(2,), **further)
        yield Edit(part, content, thoughts=(1,), layers=(2,), basis=basis(width), **further)
    yield Edit("values", content, thoughts=(2,), layers=(1,), heads=(2,), **further)


@every_shape
@pytest.mark.parametrize("later", ["rerolled", "frozen"])
def test_an_edit_by_the_same_state_changes_nothing(tiny_model, few, later):
    states, final = read(tiny_model, few)
    # What is fed is all that differs between the two modes.
    edits = [*edits_of(tiny_model, later_thoughts=later)][: None if later == "rerolled" else 2]
    for edit in edits:
        same, last = read(tiny_model, few, [edit], donors=few)
        torch.testing.assert_close(same, states, rtol=0, atol=1e-12)
        torch.testing.assert_close(last, final, rtol=0, atol=1e-12)
    assert tiny_model.lm.dtype == torch.float64


@every_shape
def test_an_edit_by_another_state_changes_what_comes_later_and_nothing_before(tiny_model, few):
    states, final = read(tiny_model, few)
    for edit in edits_of(tiny_model, "noise"):
        changed, last = read(tiny_model, few, [edit])
        first = 1 if edit.facts else min(edit.thoughts) + 1
        torch.testing.assert_close(changed[:, : first - 1], states[:, : first - 1], rtol=0, atol=1e-12)
        differs = ((last - final).abs().amax(-1) > 1e-9).float().mean()
        # Of the question, nothing reads the last layer but its keys and values, except at its last column.
        if edit.facts == "frontier" and edit.place not in ("keys", "values"):
            assert differs == 0, edit
        else:
            assert differs > 0.5, edit  # some problem has no fact of the class


@pytest.mark.parametrize("place", ["fed", "state"])
def test_frozen_thoughts_are_fed_as_they_were_and_rerolled_ones_follow(tiny_llama, few, place):
    model = tiny_llama
    clean = thought_states(model, few, COUNT)
    layers = () if place == "fed" else (1,)
    found = {}
    for later in ("rerolled", "frozen"):
        edit = Edit(place, "zero", thoughts=(2,), layers=layers, later_thoughts=later)
        found[later] = fed_into_slots(model, few, [edit], COUNT)
    assert (found["rerolled"][:, 2:] - clean[:, 2:]).abs().max() > 1e-3
    torch.testing.assert_close(found["frozen"][:, 2:], clean[:, 2:], rtol=0, atol=1e-5)
    expected = torch.zeros_like(clean[:, 1]) if place == "fed" else clean[:, 1]
    torch.testing.assert_close(found["frozen"][:, 1], expected, rtol=0, atol=1e-5)


def test_the_state_of_the_last_layer_is_what_the_final_norm_makes_the_thought_of(tiny_model, few):
    """Zero there, the next thought is the norm of the zero vector, whatever the problem."""
    states, _ = read(tiny_model, few, [Edit("state", "zero", thoughts=(2,), layers=(2,))])
    norm = getattr(tiny_model.lm.base_model, "norm", None) or tiny_model.lm.base_model.ln_f
    expected = norm(torch.zeros(32).double())
    torch.testing.assert_close(states[:, 2], expected.expand_as(states[:, 2]), rtol=0, atol=1e-12)


def test_values_that_are_zero_give_nothing(tiny_llama, few):
    """A column whose values are zero in all layers is attended to, and nothing is taken from it: heads without any
    values write zero."""
    edits = [Edit("values", "zero", thoughts=(1, 2, 3, 4), layers=(1, 2))]
    edits += [Edit("values", "zero", facts="question", layers=(1, 2))]
    same = [Edit("heads", "zero", thoughts=(1, 2, 3, 4), layers=(1, 2))]
    same += [Edit("heads", "zero", facts="question", layers=(1, 2))]
    own, other = (read(tiny_llama, few, each)[0] for each in (edits, same))
    torch.testing.assert_close(own, other, rtol=0, atol=1e-5)


def test_a_donor_s_whole_thoughts_make_its_values_where_thoughts_are_all_that_is_read(few):
    model = known_model("known_bfs")
    donors, found = [*few[1:], few[0]], 0
    swapped = node_values(model, few, ks=(6,), edits=[Edit("fed", "swap", thoughts=(6,))], donors=donors).value
    own = node_values(model, donors, ks=(6,)).value
    for index, (problem, donor) in enumerate(zip(few, donors, strict=True)):
        for node, name in enumerate(problem.names):
            if name in donor.names:
                found += 1
                assert swapped[index, 0, node] == pytest.approx(own[index, 0, donor.names.index(name)], abs=1e-3)
    assert found > 2


def test_noise_is_as_long_as_what_was_there_and_the_same_in_every_batch(tiny_llama, few):
    for content in ("noise", "blur"):
        edit = [Edit("fed", content, thoughts=(1, 3))]
        whole = read(tiny_llama, few, edit)[0]
        think = thinking(tiny_llama, few, COUNT, edit)
        parts = torch.cat([think([index])[1].thoughts.states for index in range(len(few))])
        torch.testing.assert_close(parts, whole, rtol=0, atol=1e-4)
    other = read(tiny_llama, few, [dataclasses.replace(edit[0], seed=1)])[0]
    assert (other[:, 1:] - whole[:, 1:]).abs().max() > 1e-3


def test_the_mean_is_that_of_the_set_whatever_the_batch(tiny_llama, few):
    for edit in (
        Edit("fed", "mean", thoughts=(2,)),
        Edit("state", "mean", thoughts=(2,), layers=(1,)),
        Edit("values", "mean", facts="all", layers=(2,)),
    ):
        think = thinking(tiny_llama, few, COUNT, [edit])
        whole = think(range(len(few)))[1].thoughts.states
        parts = torch.cat([think([index])[1].thoughts.states for index in range(len(few))])
        torch.testing.assert_close(parts, whole, rtol=0, atol=1e-4)
    fed = thought_states(tiny_llama, few, COUNT)[:, 1]
    given = Edit("fed", "given", thoughts=(2,), given=fed.mean(0).double().numpy())
    own, other = (read(tiny_llama, few, [e])[0] for e in (Edit("fed", "mean", thoughts=(2,)), given))
    torch.testing.assert_close(own, other, rtol=0, atol=1e-5)


def test_a_subspace_of_nodes_takes_them_alone_out_of_a_thought():
    model, problem = known_model("known_bfs"), path_of(3)
    node = problem.names[problem.path[3]]
    own = thought_states(model, [problem], 3)
    fed = fed_into_slots(model, [problem], [Edit("fed", "zero", thoughts=(3,), nodes=(node,))], 3)
    logits, without = (model.logits(states[0, 2]) for states in (own, fed))
    token = model.tokenizer.convert_tokens_to_ids(node)
    assert logits[token] > 30 and abs(float(without[token])) < 1e-3
    others = [at for at in range(len(logits)) if at != token]
    torch.testing.assert_close(without[others], logits[others], rtol=0, atol=1e-3)


def test_a_record_is_read_as_it_is_written(tmp_path):
    records = [
        Edit("fed", "swap", thoughts=(1, 2), donor=3, nodes=("lempus",)),
        Edit("values", "noise", facts="optimal", step=2, layers=(1, 2), heads=(2,), later_thoughts="frozen", seed=5),
        Edit("state", "given", thoughts=(2,), layers=(1,), given=np.arange(4.0), basis=basis(4, 2)),
    ]
    for edit in records:
        again = Edit.from_json(json.loads(json.dumps(edit.to_json())))
        for field in dataclasses.fields(Edit):
            np.testing.assert_array_equal(getattr(again, field.name), getattr(edit, field.name))
    (tmp_path / "edits.json").write_text(json.dumps([records[0].to_json(), records[2].to_json()]))
    assert [edit.place for edit in read_edits(tmp_path / "edits.json")] == ["fed", "state"]
    assert records[0].to_json() == {
        **{"place": "fed", "content": "swap", "thoughts": [1, 2], "nodes": ["lempus"], "donor": 3}
    }


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ([], "an object with named fields"),
        ({"place": "fed"}, "needs the field 'content'"),
        ({"place": "fed", "content": "zero", "thougts": [1]}, "no field 'thougts'"),
        ({"place": "mind", "content": "zero", "thoughts": [1]}, "'mind' is unknown; give one of fed, state"),
        ({"place": "fed", "content": "none", "thoughts": [1]}, "give one of zero, mean"),
        ({"place": "fed", "content": "zero"}, "either thoughts or facts"),
        ({"place": "fed", "content": "zero", "thoughts": [1], "layers": [1]}, "fed is in none"),
        ({"place": "state", "content": "zero", "thoughts": [1]}, "'layers'"),
        ({"place": "fed", "content": "zero", "thoughts": "1"}, "not a list of whole numbers"),
        ({"place": "fed", "content": "zero", "thoughts": [True]}, "not a whole number"),
        ({"place": "fed", "content": "freeze", "thoughts": [1]}, "thought 1 do not have"),
        ({"place": "fed", "content": "given", "thoughts": [1]}, "needs vectors"),
        ({"place": "fed", "content": "zero", "thoughts": [1], "basis": [[1, 2], [3, 4]]}, "not orthonormal"),
        ({"place": "fed", "content": "zero", "thoughts": [1], "basis": [[1], [3, 4]]}, "rows of one length"),
        ({"place": "fed", "content": "zero", "thoughts": [1], "later_thoughts": "old"}, "rerolled, frozen"),
        ({"place": "state", "content": "zero", "facts": "some", "layers": [1]}, "optimal, all, differing"),
        ({"place": "state", "content": "zero", "thoughts": [1], "layers": [1], "heads": [1]}, "has no heads"),
    ],
)
def test_a_wrong_record_is_one_sentence(record, said):
    with pytest.raises(InputError, match=said) as refused:
        Edit.from_json(record)
    assert "\n" not in str(refused.value)


def test_what_is_not_there_is_refused_before_any_work(tiny_llama, problems, monkeypatch):
    def refused(*edits, model=tiny_llama, donors=None, of=problems):
        with pytest.raises(InputError) as error:
            answers(model, of, ks=(COUNT,), edits=edits, donors=donors)
        return str(error.value)

    monkeypatch.setattr(type(tiny_llama), "extend", lambda *_: pytest.fail("it computed"))
    assert "5 is not there; the model has thoughts 1 to 4" in refused(Edit("fed", "zero", thoughts=(5,)))
    assert "model has layers 1 to 2" in refused(Edit("state", "zero", thoughts=(1,), layers=(3,)))
    assert "model has heads 1 to 2" in refused(Edit("keys", "zero", thoughts=(1,), layers=(1,), heads=(0,)))
    assert "problem 0 has no node 'nobody'" in refused(Edit("fed", "zero", thoughts=(1,), nodes=("nobody",)))
    assert "have 8 numbers; those of fed have 32" in refused(Edit("fed", "zero", thoughts=(1,), basis=basis(8)))
    assert "problem 12 is not there" in refused(Edit("fed", "swap", thoughts=(1,), donor=12))
    keys = Edit("keys", "swap", thoughts=(1,), layers=(1,))
    assert "tokens and its donor's" in refused(keys)
    assert "1 donors for 12 problems" in refused(keys, donors=problems[:1])
    both = (Edit("fed", "zero", thoughts=(1,)), Edit("fed", "zero", thoughts=(2,), later_thoughts="frozen"))
    assert "all frozen or all rerolled" in refused(*both)
    slotless = tiny_llama.with_method(METHODS["no_cot"])
    assert "no_cot has no thoughts to edit" in refused(Edit("fed", "zero", thoughts=(1,)), model=slotless)
    plain = [Problem(p.question, p.answer, p.steps) for p in problems]
    assert "no facts between nodes" in refused(Edit("state", "zero", facts="all", layers=(1,)), of=plain)


def test_commands_take_an_edit(tmp_path, tiny_checkpoint, problems):
    from coconut_core.problems.registry import save_problems

    save_problems(tmp_path / "problems.json", problems)
    (tmp_path / "edit.json").write_text(json.dumps({"place": "fed", "content": "zero", "thoughts": [1]}))
    (tmp_path / "wrong.json").write_text(json.dumps({"place": "fed", "content": "zero", "thoughts": [9]}))
    for name in ("evaluate", "values"):
        ask = (name, tiny_checkpoint, tmp_path / "problems.json")
        out = [tmp_path / f"{name}{at}.csv" for at in range(2)]
        done = [coconut(*ask, "--out", out[0]), coconut(*ask, "--out", out[1], "--edit", tmp_path / "edit.json")]
        assert [each.returncode for each in done] == [0, 0], done[1].stderr
        assert out[0].read_text().count("\n") == out[1].read_text().count("\n")
        wrong = coconut(*ask, "--out", tmp_path / "no.csv", "--edit", tmp_path / "wrong.json")
        assert wrong.returncode == 2 and "9 is not there" in wrong.stderr and wrong.stderr.count("\n") == 1
        assert not (tmp_path / "no.csv").exists()
    assert out[0].read_text() != out[1].read_text()
