"""Trackers that a config names get the lines of metrics.jsonl, and go on where a run does."""

import json
from dataclasses import replace

import accelerate.tracking
import pytest
import yaml
from accelerate.tracking import GeneralTracker

from coconut_core.errors import InputError
from coconut_core.training import trackers
from coconut_core.training.config_files import load_config
from coconut_core.training.loop import train
from tests.test_training import Killed, die, metrics, short_answers, stop_at  # noqa: F401


class Notebook(GeneralTracker):
    """A tracker that keeps what it is sent, as trackers on other machines do."""

    name = "notebook"
    requires_logging_directory = False
    begun, sent, finished = [], [], []

    def __init__(self, run_name):
        super().__init__()
        self.begun.append(run_name)

    @property
    def tracker(self):
        return self.sent

    def store_init_configuration(self, values):
        self.sent.append(("config", values))

    def log(self, values, step=None, **_):
        self.sent.append((step, values))

    def finish(self):
        self.finished.append(self)


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setitem(accelerate.tracking.LOGGER_TYPE_TO_CLASS, "notebook", Notebook)
    for kept in (Notebook.begun, Notebook.sent, Notebook.finished):
        kept.clear()
    return Notebook


def test_a_tracker_gets_every_line_once_however_often_the_run_is_killed(tmp_path, tiny_run, notebook, monkeypatch):
    config = replace(tiny_run, save_path=str(tmp_path), trackers=("notebook",), project="reasoning")
    for step, minutes in [(3, 60.0), (5, 1e-9), (7, 60.0)]:
        # A state is stored in the second life alone; the third begins with it.
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(type(config), "checkpoint_minutes", minutes)
            stop_at(patch, step, die)
            train(config, "", quiet=True)
    folder = train(config, "", quiet=True)
    (_, fields), *sent = notebook.sent
    assert fields["lr"] == config.lr and json.loads(fields["model"])["width"] == 16
    assert [step for step, _ in sent] == [line["step"] for line in metrics(folder)]
    for (_, values), line in zip(sent, metrics(folder), strict=True):
        if line["kind"] == "train":
            assert values["train/loss"] == line["loss"]
            assert values["train/loss_by_stage/0"] == line["loss_by_stage"]["0"]
        else:
            assert values["validation/accuracy/3"] == line["accuracy"]["3"] and values["validation/n"] == 6
    assert notebook.begun == ["reasoning"] * 4 and len(notebook.finished) == 4
    # Which trackers look on is not part of what a run is.
    assert train(replace(config, trackers=()), "", quiet=True) == folder
    assert "trackers" not in json.loads((folder / "coconut.json").read_text())["run"]


def test_tensorboard_goes_on_in_the_same_log(tmp_path, tiny_run, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = replace(tiny_run, save_path=str(tmp_path), trackers=("tensorboard",))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 5, die)
        train(config, "", quiet=True)
    folder = train(config, "", quiet=True)
    log = EventAccumulator(str(folder / "tensorboard")).Reload()
    lines = [line for line in metrics(folder) if line["kind"] == "train"]
    events = log.Scalars("train/loss")
    assert [event.step for event in events] == [line["step"] for line in lines] == [2, 4, 6, 8]
    assert [event.value for event in events] == pytest.approx([line["loss"] for line in lines])
    assert [event.step for event in log.Scalars("validation/accuracy/0")] == [4, 8]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["nonsense"], "trackers: 'nonsense' is unknown; give some of .*tensorboard.*wandb"),
        (["tensorboard", "wandb"], "trackers: wandb is not installed; `pip install wandb`"),
    ],
)
def test_a_tracker_that_is_not_there_is_one_sentence_before_any_work(tmp_path, names, message, monkeypatch, tiny_run):
    present = [each for each in trackers.get_available_trackers() if str(each) != "wandb"]
    monkeypatch.setattr(trackers, "get_available_trackers", lambda: present)
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({**tiny_run.as_dict(), "save_path": str(tmp_path), "trackers": names}))
    with pytest.raises(InputError, match=message):
        train(load_config(path), "", quiet=True)
    assert list(tmp_path.iterdir()) == [path]


def test_a_tracker_that_fails_is_named_and_the_run_resumes(tmp_path, tiny_run, notebook, monkeypatch):
    config = replace(tiny_run, save_path=str(tmp_path), trackers=("notebook",))

    def fail(*_, **__):
        raise ConnectionError("no answer\nfrom the server")

    sentence = r"notebook does not work \(no answer from the server\); .*"
    with monkeypatch.context() as patch, pytest.raises(InputError, match=sentence):
        patch.setattr(notebook, "log", fail)
        train(config, "", quiet=True)
    assert len(notebook.finished) == 1
    folder = train(config, "", quiet=True)
    assert [step for step, _ in notebook.sent if step != "config"] == [line["step"] for line in metrics(folder)]
