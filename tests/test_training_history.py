"""A metrics.jsonl of any content: the lines that can be read are, and the others are left out."""

import json
import os

import pytest

from analyses.figures.trainings.training_history import TrainingHistory, training_history
from tests.conftest import APP

SOUND = {"samples": 32, "seconds": 1.5, "kind": "train", "stage": 1, "loss": 0.5}


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "null",
        "9" * 5_000,
        json.dumps({**SOUND, "loss": 10**400}),
        json.dumps({**SOUND, "samples": 10**30}),
        json.dumps({**SOUND, "samples": [1]}),
        json.dumps({**SOUND, "seconds": "soon"}),
        json.dumps({**SOUND, "stage": {}}),
        json.dumps({**SOUND, "kind": "validation", "accuracy": [1]}),
        json.dumps({**SOUND, "kind": "validation", "accuracy": {"0": "x", "1": 0.5}}),
    ],
)
def test_a_line_that_cannot_be_read_is_left_out(tmp_path, line):
    sound = json.dumps(SOUND)
    (tmp_path / "metrics.jsonl").write_text(f"{sound}\n{line}\n{sound}\n")
    table = training_history(tmp_path)
    assert table["value"].tolist() == [0.5, 0.5]
    TrainingHistory({"run": table}, "loss", "samples").figure().to_json()


def test_what_is_not_a_file_of_text_has_no_history(tmp_path):
    path = tmp_path / "metrics.jsonl"
    assert training_history(tmp_path).empty
    path.mkdir()
    assert training_history(tmp_path).empty
    path.rmdir()
    os.mkfifo(path)
    assert training_history(tmp_path).empty
    path.unlink()
    path.write_bytes(b"\xff\xfe\n" + json.dumps(SOUND).encode())
    assert training_history(tmp_path).empty


def test_histories_of_the_shipped_models_are_read_whole():
    for path in (APP.parent / "artifacts" / "models").glob("*/metrics.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        expected = sum(1 if line["kind"] == "train" else len(line["accuracy"]) for line in lines)
        table = training_history(path.parent)
        assert len(table) == expected and table["samples"].dtype == "int64"
