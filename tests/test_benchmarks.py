"""What the benchmarks are made of; the ratios themselves are checked by `python -m benchmarks --small --check`."""

import copy
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.growth import Growth, large_problem
from coconut_core.errors import InputError
from coconut_core.problems.prosqa.validation import violations


@pytest.mark.parametrize("nodes", [4, 31, 500])
def test_large_problems_are_sound_and_as_large_as_asked(nodes):
    problem = large_problem(nodes, 3)
    assert len(problem.names) == nodes
    assert violations(problem.to_json(), min_hops=1) == []
    assert large_problem(nodes, 3) == problem != large_problem(nodes, 4)


def test_exponents_are_the_last_slopes():
    amounts = np.array([10, 100, 1_000])
    growth = Growth("problems", "", tuple(amounts), 0.1 + amounts**2 / 100, np.full(3, 400.0))
    seconds, memory = growth.exponents
    assert seconds == pytest.approx(2, abs=1e-3) and memory == pytest.approx(0)
    assert list(growth.frame()["amount"]) == [10, 100, 1_000]
    assert "1,000 problems" in growth.caption()


def test_a_step_is_counted_and_refused_where_its_loss_is_another(tiny_llama, monkeypatch):
    from benchmarks import utilisation as module
    from coconut_core.encoding import Encoder
    from coconut_core.problems.prosqa.sampler import OFFICIAL, sample_problems

    model = copy.deepcopy(tiny_llama).requires_grad_(True)
    found = module.utilisation(model, 3, rounds=2)
    encoder, problems = Encoder(model.tokenizer), sample_problems(OFFICIAL, 3, 0)
    questions = [question.ids for question in encoder.questions([p.question for p in problems])]
    answers = encoder.texts([f"### {p.answer}" for p in problems])
    thoughts, ends = 6, 2  # each text has the end of thinking and the end of the text
    assert found.tokens == sum(map(len, [*questions, *answers])) + 3 * (thoughts + ends)
    row = found.row()
    assert row["tokens_a_second"] == pytest.approx(found.tokens / np.median(found.seconds))
    assert row["low"] <= row["utilisation"] <= row["high"] and row["batch"] == 3
    monkeypatch.setattr(module, "train_on", lambda *_: pytest.fail("timed"))
    whole = module.training_step

    def other(model, problems):
        return replace(whole(model, problems), ours=lambda: math.inf)

    monkeypatch.setattr(module, "training_step", other)
    with pytest.raises(AssertionError, match="not that of full passes"):
        module.utilisation(model, 3, rounds=2)


def test_floors_compute_less_than_any_way_and_not_much_less(tiny_llama, problems):
    """A floor above what it bounds would prove nothing, nor would one far below."""
    from analyses.readings.values import node_values
    from benchmarks import floors
    from benchmarks.contests import LONGEST_ANSWER, THOUGHTS, train_on
    from benchmarks.ratios import operations
    from coconut_core.encoding import Encoder
    from coconut_core.generation import answers

    model, some = tiny_llama, problems[:4]
    encoded = Encoder(model.tokenizer).problems(some)
    ways = {
        floors.training_floor(model, some): lambda: train_on(model, encoded, [THOUGHTS + 1]),
        floors.values_floor(model, some, 4): lambda: node_values(model, some, opening="every", batch_size=4),
        floors.answers_floor(model, some, 4): lambda: answers(
            model, some, ks=(THOUGHTS,), batch_size=4, max_new_tokens=LONGEST_ANSWER
        ),
    }
    for floor, way in ways.items():
        assert 0.4 < operations(floor) / operations(way) < 1
    model.zero_grad()


def test_both_ways_of_every_work_agree_and_a_difference_is_seen(tiny_llama, problems, monkeypatch):
    from benchmarks import contests as module

    monkeypatch.setattr(module, "LONGEST_CHAIN", 4)
    works = module.contests(copy.deepcopy(tiny_llama), problems[:4], 2)
    assert len({work.name for work in works}) == len(works)
    for work in works:
        assert work.same(work.ours(), work.plain()), work.name
    (page,) = (work for work in works if "page" in work.name)
    first, second = page.ours()
    (values, answers), other = page.plain()
    assert not page.same([first, second], [other, (values, answers)])
    assert not page.same([first, second], [(values, replace(answers, text=(("",) * 7,))), other])
    for index, each in enumerate(values):
        changed = [*values[:index], replace(each, value=each.value + 1e-3), *values[index + 1 :]]
        assert not page.same([first, second], [(changed, answers), other])


def test_an_absent_checkout_and_a_wrong_environment_are_refused_before_any_work(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--out", tmp_path / "out", "--official", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "holds no coconut.py" in done.stderr and "Traceback" not in done.stderr
    (tmp_path / "coconut.py").touch()
    with pytest.raises(InputError, match="transformers==4.46.2"):
        main(out=tmp_path / "out", official=tmp_path)
    assert not (tmp_path / "out").exists()


def test_the_cost_of_learning_is_added_up_over_runs_that_go_on(tmp_path, tiny_run, tiny_checkpoint):
    from benchmarks.learning import learning
    from coconut_core.training.loop import train

    more = replace(tiny_run, model=None, load_model_path=str(tiny_checkpoint), name="more", save_path=str(tmp_path))
    second = train(more, "", quiet=True)
    both = learning([tiny_checkpoint, second])
    table = both.frame()
    assert list(table["run"]) == ["tiny", "tiny", "more", "more"]
    assert list(table["samples"]) == [32, 64, 96, 128]
    assert table["core_hours"].is_monotonic_increasing and table["seconds"].is_monotonic_increasing
    assert table["core_hours"].iloc[-1] == pytest.approx(table["seconds"].iloc[-1] / 3600)
    assert (table["low"] <= table["accuracy"]).all() and (table["accuracy"] <= table["high"]).all()
    assert len(both.reached()) == 3 and both.figure().data and "90%" in both.caption()
    with pytest.raises(InputError, match="goes on from another run; give that one first"):
        learning([second])
    with pytest.raises(InputError, match="did not start from the weights in"):
        learning([tiny_checkpoint, tiny_checkpoint])


def test_levels_cost_what_had_been_spent_when_they_were_first_seen():
    import pandas as pd

    from benchmarks.learning import Learning

    columns = ["run", "samples", "seconds", "core_hours", "thoughts", "n", "accuracy", "low", "high", "without"]
    rows = [["a", 10, 1.0, 0.1, 6, 200, 0.5, 0.4, 0.6, 0.5], ["a", 20, 2.0, 0.2, 6, 200, 0.96, 0.9, 0.98, 0.5]]
    rows.append(["a", 30, 3.0, 0.3, 6, 200, 0.94, 0.9, 0.97, 0.5])
    found = Learning(pd.DataFrame(rows, columns=columns)).reached().set_index("level")
    assert list(found["samples"])[:2] == [20, 20] and pd.isna(found.loc[0.97, "samples"])
