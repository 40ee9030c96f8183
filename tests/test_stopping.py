"""The stop classifier: what it learns, when it stops, and that a run ships it."""

from dataclasses import replace

import pytest
import torch

from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.stopping import FILE, StopClassifier, fit_stop_classifier, stop_targets
from coconut_core.thoughts import thought_states


def test_thinking_stops_after_the_first_thought_that_says_so():
    classifier = StopClassifier(torch.tensor([1.0, 0.0]), torch.tensor(-0.5))
    states = torch.zeros(4, 3, 2)
    states[0, 1, 0] = states[0, 2, 0] = states[1, 0, 0] = states[2, 2, 0] = 1.0
    # The last row never says so and thinks to the end.
    assert classifier.thoughts(states).tolist() == [2, 1, 3, 3]


def test_thoughts_are_over_when_they_are_as_many_as_the_steps(problems):
    wanted = stop_targets(problems, 6)
    for problem, row in zip(problems, wanted.tolist(), strict=True):
        assert row == [k >= len(problem.steps) for k in range(1, 7)]


def test_a_step_may_take_several_thoughts(problems):
    assert (stop_targets(problems, 12, 2)[:, 1::2] == stop_targets(problems, 6)).all()
    assert (stop_targets(problems, 12, 2)[:, 0:-2:2] == stop_targets(problems, 12, 2)[:, 1:-1:2]).logical_not().any()


def test_the_classifier_learns_what_the_thoughts_hold(tiny_llama, problems, monkeypatch):
    """Thoughts with their own number and the number of steps along one direction, and noise elsewhere."""
    torch.manual_seed(0)
    states = torch.randn(len(problems), 6, 8)
    margin = torch.arange(1, 7) - torch.tensor([len(p.steps) for p in problems])[:, None] + 0.5
    states[..., 3] = margin * 4 + 100
    monkeypatch.setattr("coconut_core.stopping.thought_states", lambda *_: states)
    classifier = fit_stop_classifier(tiny_llama, problems, 6)
    assert (classifier.stops(states) == stop_targets(problems, 6)).all()
    assert classifier.thoughts(states).tolist() == [len(p.steps) for p in problems]


def test_thoughts_are_those_of_the_model(tiny_llama, problems):
    alone = thought_states(tiny_llama, problems, 3, batch_size=1)
    together = thought_states(tiny_llama, problems, 3)
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)


def test_a_run_fits_and_ships_it(tiny_run, tmp_path, monkeypatch):
    from coconut_core.training.loop import train

    monkeypatch.setattr("coconut_core.training.batches._STOPPING_PROBLEMS", 50)
    run = replace(tiny_run, save_path=str(tmp_path), stopping="classifier")
    loaded = load_model(train(run, "coconut train tiny.yaml", quiet=True))
    measured = loaded.card["stopping"]
    assert measured["n"] == 6 and 0 <= measured["accuracy_of_thoughts"] <= 1 <= measured["mean_thoughts"] <= 3
    assert loaded.stop_classifier.weight.shape == (16,)
    (run.folder / FILE).write_bytes(b"nothing")
    with pytest.raises(InputError, match="stop_classifier.safetensors: cannot be read"):
        load_model(run.folder)


def test_the_row_of_the_classifier_is_of_the_thoughts_that_it_chose():
    import numpy as np

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
