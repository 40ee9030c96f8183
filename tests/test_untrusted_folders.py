"""Folders of models that somebody else wrote: no code of theirs runs, and claims are held against the weights."""

import io
import json
import os
import shutil

import pytest

from coconut_core.checkpoints import base_model, load_model
from coconut_core.errors import InputError
from tests.command_line import coconut

CODE = "import pathlib\npathlib.Path({mark!r}).write_text('ran')\nclass EvilConfig: pass\nclass EvilModel: pass\n"


@pytest.fixture
def folder(tiny_checkpoint, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "model")


def changed(path, **fields):
    """Change fields of a JSON file; None removes one."""
    content = {name: value for name, value in json.loads(path.read_text()).items() if name not in fields}
    path.write_text(json.dumps(content | {name: value for name, value in fields.items() if value is not None}))


def evil(folder, tmp_path, **config):
    """Let config and tokenizer name code of the folder; returns the file that it would write."""
    mark = tmp_path / "executed"
    (folder / "evil.py").write_text(CODE.format(mark=str(mark)))
    names = {"AutoConfig": "evil.EvilConfig", "AutoModelForCausalLM": "evil.EvilModel"}
    changed(folder / "config.json", auto_map=names, **config)
    changed(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.EvilModel", "evil.EvilModel"]})
    changed(folder / "coconut.json", config_sha256=None)
    return mark


@pytest.mark.parametrize("unknown", ["config.json", "tokenizer_config.json", "both"])
def test_code_in_a_folder_is_not_run_whatever_is_answered(folder, tmp_path, problems, monkeypatch, unknown):
    from coconut_core.problems.registry import save_problems

    mark = evil(folder, tmp_path, **({} if unknown == "tokenizer_config.json" else {"model_type": "evil"}))
    if unknown != "config.json":
        changed(folder / "tokenizer_config.json", tokenizer_class="EvilTokenizer")
    save_problems(tmp_path / "problems.json", problems)
    (tmp_path / "run.yaml").write_text(
        f"load_model_path: {folder}\nsave_path: {tmp_path / 'runs'}\nworlds: [{{epochs: 1}}]"
    )
    (tmp_path / "base.yaml").write_text(f"model_id: {folder}\nsave_path: {tmp_path / 'runs'}\nworlds: [{{epochs: 1}}]")
    (tmp_path / "state").write_bytes(b"")
    for command in (
        ["values", folder, tmp_path / "problems.json", "--out", tmp_path / "values.csv"],
        ["evaluate", folder, tmp_path / "problems.json"],
        ["train", tmp_path / "run.yaml"],
        ["train", tmp_path / "base.yaml"],
        ["import", tmp_path / "state", folder, tmp_path / "imported"],
        ["table", folder, "--data", tmp_path / "problems.json", "--out", tmp_path / "tables"],
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 20))
        done = coconut(*command)
        assert not mark.exists()
        if unknown != "tokenizer_config.json":
            assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert "Traceback" not in done.stderr


def test_the_app_runs_no_code_of_a_folder(folder, tmp_path, monkeypatch):
    from workbench.choices.model_shelf import model_folder
    from workbench.computed.readings import loaded

    mark = evil(folder, tmp_path, model_type="evil")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 20))
    with pytest.raises(InputError, match=r"config.json"):
        loaded(model_folder(folder))
    assert not mark.exists()


@pytest.mark.parametrize(
    "change",
    [{"rms_norm_eps": 0.5}, {"hidden_act": "gelu"}, {"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}],
)
def test_a_config_that_was_changed_since_training_is_refused(folder, change):
    changed(folder / "config.json", **change)
    with pytest.raises(InputError, match=r"config\.json: is not what field 'config_sha256' of coconut\.json says"):
        load_model(folder)


def test_how_weights_were_stored_and_cards_without_the_hash_do_not_matter(folder):
    changed(folder / "config.json", transformers_version="4.0", dtype="float16", use_cache=False)
    load_model(folder)
    changed(folder / "config.json", rms_norm_eps=1e-5)
    changed(folder / "coconut.json", config_sha256=None)
    load_model(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"num_hidden_layers": 10_000},
        {"num_hidden_layers": 200},
        {"num_hidden_layers": "x"},
        {"intermediate_size": 1_000_000},
        {"intermediate_size": 10**30},
        {"head_dim": 1_000_000},
        {"vocab_size": 1_000_000},
        {"num_labels": 10**9},
        {"num_key_value_heads": 3},
        {"num_attention_heads": 0},
        {"hidden_size": -16},
        {"rope_parameters": {"rope_type": "none of these"}},
        {"hidden_act": "system"},
        {"model_type": "mamba"},
        {"model_type": "t5"},
        {"model_type": None},
    ],
)
def test_a_config_that_its_weights_do_not_bear_out_is_refused(folder, change):
    changed(folder / "config.json", **change)
    changed(folder / "coconut.json", config_sha256=None)
    for load in (load_model, base_model):
        with pytest.raises(InputError, match="config.json|model.safetensors"):
            load(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("tokenizer_config.json", {"model_max_length": "x"}),
        ("tokenizer_config.json", {"eos_token": None}),
        ("tokenizer.json", {"model": {}}),
        ("tokenizer.json", {"decoder": {"type": "WordPiece", "prefix": 3}}),
    ],
)
def test_a_tokenizer_that_cannot_be_used_is_refused(folder, name, change):
    changed(folder / name, **change)
    changed(folder / "coconut.json", tokenizer_sha256=None)
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        load_model(folder)


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "chat_template.jinja", "model.safetensors"])
def test_a_pipe_or_a_device_in_a_folder_is_not_opened(folder, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    for load in (load_model, base_model):
        with pytest.raises(InputError, match=f"{name}|model_id: .* is not a local folder"):
            load(folder)
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(InputError, match=name):
        load_model(folder)


@pytest.mark.parametrize("change", [{"max_thoughts": 10**9}, {"thoughts_per_step": 0}, {"thoughts_per_step": 10**9}])
def test_a_card_that_claims_more_thoughts_than_there_is_room_for_is_refused(folder, change):
    changed(folder / "coconut.json", **change)
    with pytest.raises(InputError, match=next(iter(change))):
        load_model(folder)
