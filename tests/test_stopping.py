"""The stop classifier: what it learns, what it may lose, when it stops, and that a run ships it."""

import json
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from coconut_core import checkpoints, stopping
from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.generation import Answers
from coconut_core.stopping import (
    FILE,
    ReadThoughts,
    StopClassifier,
    choose_threshold,
    fit_stop_classifier,
    measure_stopping,
    read_thoughts,
    stop_targets,
)
from coconut_core.thoughts import thought_states
from coconut_core.training import loop, stop_rule
from coconut_core.training.config_files import config_from
from tests.command_line import coconut


@pytest.fixture
def few_problems(monkeypatch):
    """Few and short ones: a model that has learned next to nothing never ends its text."""
    monkeypatch.setattr(stopping, "answers_from", partial(stopping.answers_from, max_new_tokens=8))
    monkeypatch.setattr(loop, "answers", partial(loop.answers, max_new_tokens=8))
    monkeypatch.setattr(checkpoints, "answers", partial(checkpoints.answers, max_new_tokens=8))
    monkeypatch.setattr(stop_rule, "FITTED_ON", 12)
    monkeypatch.setattr(stop_rule, "CHOSEN_ON", 20)


@pytest.fixture
def copied(tiny_checkpoint, tmp_path):
    return shutil.copytree(tiny_checkpoint, tmp_path / "copied")


def read_of(count: int, n: int, seed: int, noise: float = 1.0) -> ReadThoughts:
    """Thoughts whose first number grows from the one on from which the answer is right, if it ever is; and noise."""
    torch.manual_seed(seed)
    first = torch.randint(1, count + 2, (n, 1))
    correct = torch.arange(1, count + 1) >= first
    states = torch.randn(n, count, 4)
    states[..., 0] = (torch.arange(1, count + 1) - first + 0.5) * 3 + noise * torch.randn(n, count)
    return ReadThoughts(states, correct)


def test_thinking_stops_after_the_first_thought_above_the_threshold():
    classifier = StopClassifier(torch.tensor([1.0, 0.0]), torch.tensor(-0.5))
    states = torch.zeros(4, 3, 2)
    states[0, 1, 0] = states[0, 2, 0] = states[1, 0, 0] = states[2, 2, 0] = 1.0
    # The last row never says so and thinks to the end.
    assert classifier.thoughts(states).tolist() == [2, 1, 3, 3]
    assert replace(classifier, threshold=torch.tensor(0.6)).thoughts(states).tolist() == [3, 3, 3, 3]
    assert replace(classifier, threshold=torch.tensor(-1.0)).thoughts(states).tolist() == [1, 1, 1, 1]


def test_a_thought_is_one_to_stop_after_where_the_answer_is_right_and_stays_right():
    rows = {
        (True, True, True): [True, True, True],
        (False, True, True): [False, True, True],
        (True, False, True): [False, False, True],
        # Wrong in the end: nothing is gained by stopping before.
        (True, True, False): [False, False, True],
        (False, False, False): [False, False, True],
    }
    assert stop_targets(torch.tensor(list(rows))).tolist() == list(rows.values())


def test_the_classifier_learns_what_the_thoughts_hold():
    classifier = fit_stop_classifier(read_of(6, 500, seed=0, noise=0))
    other = read_of(6, 200, seed=1, noise=0)
    right = (classifier.scores(other.states) > 0) == stop_targets(other.correct)
    assert right[:, :-1].all()
    assert (classifier.thoughts(other.states) == stop_targets(other.correct).int().argmax(1) + 1).all()


@pytest.mark.parametrize("correct", [True, False])
def test_answers_that_are_all_right_or_all_wrong_can_be_fitted(correct):
    read = ReadThoughts(torch.randn(1, 3, 4), torch.full((1, 3), correct))
    classifier = fit_stop_classifier(read)
    assert classifier.scores(read.states).isfinite().all()
    assert classifier.thoughts(read.states).tolist() == [1 if correct else 3]


def test_what_is_lost_is_right_after_all_thoughts_and_wrong_where_thinking_stops():
    classifier = StopClassifier(torch.ones(1), torch.zeros(()))
    states = torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [-1.0, 1.0, 0], [-1.0, -1.0, 0]])[..., None]
    correct = torch.tensor([[False, True, True], [True, True, False], [False, True, True], [False, True, False]])
    measured = measure_stopping(classifier, ReadThoughts(states, correct))
    assert measured == {
        "n": 4,
        "accuracy": 0.5,
        "accuracy_of_all_thoughts": 0.5,
        "lost": 0.25,
        "mean_thoughts": 1.75,
    }


def test_the_threshold_keeps_its_promise_on_other_problems():
    """Of many choices, no more than one in twenty may lose more than stated; here of 30, where 1.5 are expected."""
    fitted, other = read_of(6, 300, seed=0), read_of(6, 5_000, seed=1)
    classifier = fit_stop_classifier(fitted)
    chosen = [choose_threshold(classifier, fitted, read_of(6, 400, seed), 0.05) for seed in range(100, 130)]
    lost = np.array([measure_stopping(each, other)["lost"] for each in chosen])
    assert (lost > 0.05).sum() <= 5  # by chance more are in one of 300 such tests
    # And it is no idle promise: thinking stops early.
    assert np.mean([measure_stopping(each, other)["mean_thoughts"] for each in chosen]) < 5.5
    record = chosen[0].record
    assert record["lost"] < 0.05 and record["loss"] == 0.05 and record["n"] == 400


def test_a_larger_loss_stops_sooner():
    fitted, fresh = read_of(6, 300, seed=0), read_of(6, 2000, seed=1)
    classifier = fit_stop_classifier(fitted)
    means = [choose_threshold(classifier, fitted, fresh, loss).record["mean_thoughts"] for loss in (0.01, 0.05, 0.2)]
    assert means == sorted(means, reverse=True) and len(set(means)) == 3


def test_too_few_problems_to_be_sure_stop_nowhere():
    """Even with nothing lost, 58 problems leave a loss of 5% possible (.95 to the 58th is above .05)."""
    fitted = read_of(6, 300, seed=0, noise=0)
    classifier = fit_stop_classifier(fitted)
    for n, stops in ((58, False), (59, True)):
        fresh = read_of(6, n, seed=1, noise=0)
        chosen = choose_threshold(classifier, fitted, fresh, 0.05)
        assert bool((chosen.thoughts(fresh.states) < 6).any()) == stops
        assert bool(chosen.threshold.isinf()) != stops
    nothing = ReadThoughts(fresh.states[:0], fresh.correct[:0])
    assert choose_threshold(classifier, fitted, nothing, 0.05).threshold.isinf()


def test_thoughts_and_answers_are_those_of_the_model(tiny_llama, problems, monkeypatch):
    seen = []
    right = np.random.default_rng(0).random((len(problems), 3)) > 0.5

    def answered(_, batch, ks):
        """Of a random model all answers are wrong; here some are right, problem by problem."""
        rows = [problems.index(problem) for problem in batch.problems]
        return Answers(tuple(ks), (), right[rows], np.zeros((len(rows), 3), int))

    monkeypatch.setattr(stopping, "answers_from", answered)
    read = read_thoughts(tiny_llama, problems, 3, batch_size=5, progress=seen.append)
    torch.testing.assert_close(read.states, thought_states(tiny_llama, problems, 3), rtol=0, atol=1e-4)
    assert (read.correct.numpy() == right).all() and seen == [5, 10, 12]


def test_a_file_keeps_the_threshold_and_how_it_was_chosen(tmp_path):
    fitted = read_of(6, 300, seed=0)
    chosen = choose_threshold(fit_stop_classifier(fitted), fitted, read_of(6, 400, seed=1), 0.05)
    chosen.save(tmp_path)
    loaded = StopClassifier.load(tmp_path, 4)
    assert torch.equal(loaded.thoughts(fitted.states), chosen.thoughts(fitted.states))
    assert loaded.record == chosen.record


def test_a_file_of_an_earlier_version_stops_above_zero(tmp_path):
    tensors = {"weight": torch.tensor([1.0, 0, 0, 0]), "bias": torch.tensor(-0.5)}
    save_file(tensors, tmp_path / FILE)
    loaded = StopClassifier.load(tmp_path, 4)
    assert loaded.threshold == 0 and loaded.record == {}
    assert loaded.thoughts(torch.eye(4)[None]).tolist() == [1]


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        ({"weight": torch.zeros(4)}, None),
        ({"weight": torch.zeros(4), "bias": torch.zeros(()), "more": torch.zeros(())}, None),
        ({"weight": torch.zeros(4), "bias": torch.zeros(()), "threshold": torch.zeros(2)}, None),
        ({"weight": torch.zeros(4), "bias": torch.zeros(())}, {"stopping": "{"}),
        ({"weight": torch.zeros(4), "bias": torch.zeros(())}, {"stopping": "[1]"}),
    ],
)
def test_a_file_that_is_no_classifier_is_named(tmp_path, tensors, metadata):
    save_file(tensors, tmp_path / FILE, metadata)
    with pytest.raises(InputError, match=FILE):
        StopClassifier.load(tmp_path, 4)


def test_a_run_fits_and_ships_it(tiny_run, tmp_path, few_problems):
    run = replace(tiny_run, save_path=str(tmp_path), stopping="classifier")
    loaded = load_model(loop.train(run, "coconut train tiny.yaml", quiet=True))
    measured = loaded.card["stopping"]
    assert measured["n"] == 20 and measured["fitted_on"] == 12 and measured["loss"] == run.stop_loss
    assert 0 <= measured["accuracy"] <= 1 <= measured["mean_thoughts"] <= 3
    assert loaded.stop_classifier.weight.shape == (16,) and loaded.stop_classifier.record == measured
    assert not (run.folder / "state").exists()
    (run.folder / FILE).write_bytes(b"nothing")
    with pytest.raises(InputError, match="stop_classifier.safetensors: cannot be read"):
        load_model(run.folder)


def test_fitting_that_is_interrupted_is_taken_up_after_the_last_step(tiny_run, tmp_path, few_problems, monkeypatch):
    from coconut_core.training.batches import TrainingBatches

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    run = replace(tiny_run, save_path=str(tmp_path), stopping="classifier")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stop_rule, "read_thoughts", interrupted)
        loop.train(run, "", quiet=True)
    monkeypatch.setattr(TrainingBatches, "batch", lambda *_: pytest.fail("a step was taken again"))
    assert load_model(loop.train(run, "", quiet=True)).stop_classifier is not None


def test_problems_to_fit_and_to_choose_on_are_others_and_not_those_of_validation(tiny_run, few_problems):
    from coconut_core.training.batches import validation_problems

    sets = (*stop_rule.stopping_problems(tiny_run), validation_problems(tiny_run))
    questions = [{problem.question for problem in each} for each in sets]
    assert [len(each) for each in sets] == [12, 20, 6]
    assert not questions[0] & questions[1] and not (questions[0] | questions[1]) & questions[2]


def test_a_finished_model_gets_a_classifier_without_training(copied, few_problems):
    weights = (copied / "model.safetensors").read_bytes()
    before = json.loads((copied / "coconut.json").read_text())
    done = coconut("fit-stopping", copied, "--loss", "0.2")
    assert done.returncode == 0, done.stderr
    assert "right after" in done.stdout and "32/32" in done.stderr
    loaded = load_model(copied)
    card = dict(loaded.card)
    record = card.pop("stopping")
    assert record["loss"] == 0.2 and record["n"] == 20 and record["command"].endswith("--loss 0.2")
    assert record == {**loaded.stop_classifier.record, "command": record["command"]}
    assert card == before and (copied / "model.safetensors").read_bytes() == weights
    tensors = load_file(copied / FILE)
    assert coconut("fit-stopping", copied, "--loss", "0.2").returncode == 0
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in load_file(copied / FILE).items())


def test_fitting_that_is_stopped_leaves_the_folder_as_it_was(copied, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(stop_rule, "read_thoughts", interrupted)
    monkeypatch.setattr(stop_rule, "stopping_problems", lambda _: ([], []))
    before = {path.name: path.read_bytes() for path in copied.iterdir()}
    done = coconut("fit-stopping", copied)
    assert done.returncode == 130 and "is as it was" in done.stderr
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, ["--loss", "1.5"], "--loss: 1.5 is not between 0 and 1"),
        ({}, ["--loss", "nan"], "--loss: nan is not between 0 and 1"),
        ({"method": "cot", "uniform_prob": 0}, [], "field 'run': stopping: cot has no thoughts"),
        ({"max_latent_stage": 1}, [], "field 'run': stopping: a single thought leaves nothing to decide"),
        ({"name": None}, [], "field 'run': name: "),
    ],
)
def test_a_model_that_has_nothing_to_stop_is_refused(copied, change, arguments, message):
    card = json.loads((copied / "coconut.json").read_text())
    (copied / "coconut.json").write_text(json.dumps({**card, "run": {**card["run"], **change}}))
    done = coconut("fit-stopping", copied, *arguments)
    assert done.returncode == 2 and message in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (copied / FILE).exists()


def test_the_run_of_a_card_is_the_run(tiny_run, copied):
    """JSON makes text of the keys of a mapping, such as numbers of hops."""
    run = load_model(copied).card["run"]
    assert config_from(run) == replace(tiny_run, save_path=run["save_path"])


def test_the_row_of_the_classifier_is_of_the_thoughts_that_it_chose():
    from analyses.readings.accuracy import Score
    from analyses.readings.reasoning_process import ReasoningProcesses

    correct = np.array([[0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]], bool)
    tokens = np.array([[9, 8, 7, 6], [9, 8, 7, 5], [9, 8, 4, 6]])
    processes = ReasoningProcesses((0, 1, 2, 3), (("correct label",) * 4,) * 3)
    ks = (0, 1, 2, 3)
    summary = Score(ks, ks, correct, tokens, processes, 1.0, np.array([1, 3, 1])).summary().set_index("k")
    row = summary.loc["stop"]
    assert row["n"] == 3 and row["accuracy"] == pytest.approx(2 / 3)
    assert row["mean_thoughts"] == pytest.approx(5 / 3) and row["generated_tokens"] == pytest.approx(5 / 3 + 7)
    assert "stop" not in Score(ks, ks, correct, tokens, processes, 1.0, None).summary()["k"].tolist()
