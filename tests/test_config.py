"""Configs: what loads, what is refused, and that those that ship load."""

from pathlib import Path

import pytest

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.sampler import SamplerSettings
from coconut_core.training.config import World
from coconut_core.training.config_files import config_from, load_config

# Field names and values of the official prosqa_coconut.yaml, with a local base model.
OFFICIAL = """
project: coconut
save_path: out
name: prosqa-coconut
only_eval: False
coconut: True
cot: False
no_thoughts: False
no_cot: False
c_thought: 1
epochs_per_stage: 5
max_latent_stage: 6
pad_latent_to_max: True
save_only_improve: False
uniform_prob: 0.0
model_id: models/gpt2
load_model_path: None
seed: 0
resume: 0
bf16: False
train_path: data/prosqa_train.json
val_path: data/prosqa_valid.json
reset_optimizer: True
batch_size_training: 32
debug: False
gradient_accumulation_steps: 1
num_epochs: 50
lr: !!float "1e-4"
weight_decay: 0.01
"""


@pytest.fixture
def official(tmp_path):
    path = tmp_path / "prosqa_coconut.yaml"
    path.write_text(OFFICIAL)
    return path


def test_the_official_fields_load(official):
    config = load_config(official)
    assert (config.lr, config.load_model_path, config.reset_optimizer) == (1e-4, None, True)
    assert config.epochs == 50 and config.curriculum_of_epoch(0).max_thoughts == 6


def test_settings_override_and_reach_into_parts(official, tmp_path):
    config = load_config(official, ["lr=1e-3", "bf16=true", "train_path=other.json"])
    assert (config.lr, config.bf16, config.train_path) == (1e-3, True, "other.json")
    own = tmp_path / "own.yaml"
    own.write_text("model: {width: 64}\nworlds: [{epochs: 1}]")
    config = load_config(own, ["model.heads=2"])
    assert (config.name, config.model.width, config.model.heads) == ("own", 64, 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("learning_rate: 1", "learning_rate: is not a field of a run"),
        ("lr: fast", "lr: 'fast' is not a number"),
        ("seed: 1.5", "seed: 1.5 is not a whole number"),
        ("bf16: 1", "bf16: 1 is not true or false"),
        ("cot: True", "cot, coconut choose more than one method"),
        ("coconut: False", "turns off every method"),
        ("coconut: perhaps", "coconut: 'perhaps' is not true or false"),
        ("method: cot", "coconut, method choose more than one method"),
        ("uniform_prob: 2", "uniform_prob: 2.0 is not a probability"),
        ("lr: 0", "lr: 0.0 is not above zero"),
        ("worlds: [{epochs: 1}]", "either a file to train on or worlds"),
        ("model: {width: wide}", "model.width: 'wide' is not a whole number"),
        ("model: {depth: 3}", "model.depth: is not a field"),
        ("seed: -1", "seed: -1 is negative"),
        ("lr: .nan", "lr: nan is not above zero"),
        ("betas: [0.9, 2.0]", "betas: [0.9, 2.0] is not two numbers from 0"),
        ("name: ../elsewhere", "name: '../elsewhere' names no folder of its own"),
        ("name: ''", "name: '' names no folder"),
        ("worlds: [{epochs: 0}]", "worlds: epochs: 0 is not above zero"),
        ("worlds: [{epochs: 1, uniform_prob: 2}]", "worlds: uniform_prob: 2.0 is not a probability"),
        ("worlds: [{epochs: 1, stage: 9}]", "worlds: stage 9 is none of 0 to"),
        ("model: {heads: 0}", "model.heads: 0 is not above zero"),
        ("model: {width: 30, heads: 4}", "model.heads: 4 does not divide the width 30"),
        ("model: {width: 12, heads: 4}", "model.heads: heads of 3 numbers cannot rotate"),
        ('lr: !!float "1e-4x"', "is not YAML"),
        ("seed: 2024-13-01", "is not YAML"),
        ('bf16: !!bool "maybe"', "is not YAML"),
        ("seed: " + "9" * 400, "seed: a number of 400 digits is too large"),
        ("lr: " + "9" * 400, "is not a number"),
        ("seed: 4294967296", "seed: a number of 10 digits is too large"),
        ("betas: " + "[" * 5000, "is not YAML"),
        ("c_thought: 300", "c_thought: 300 thoughts a step in 6 stages are more than the 1023"),
        ("worlds: [{epochs: 1, hops: {3: 1.0e+308, 4: 1.0e+308}}]", "a finite weight above 0"),
        ("worlds: [{epochs: 1, questions_per_text: 0}]", "questions_per_text: batches of 32"),
        ("worlds: [{epochs: 1, questions_per_text: 5}]", "with 5 questions each"),
        ("resume: 50", "resume: 50 epochs are all"),
        ("task: chess", "task: 'chess' is unknown"),
        ("worlds: [3]", "worlds[0]: 3 has no fields"),
        ("worlds: [{epochs: 1}, {epochs: 1, depth: 3}]", "worlds[1].depth: is not a field of a world"),
        ("worlds: [{epochs: 1, nodes: [5, six]}]", "worlds[0].nodes[1]: 'six' is not a whole number"),
        ("worlds: [{epochs: 1, hops: {six: 1.0}}]", "a key of worlds[0].hops: 'six' is not a whole number"),
        ("worlds: [{nodes: [5, 9]}]", "worlds[0].epochs: is missing"),
        ("optimizer: sgd", "optimizer: 'sgd' is not possible here; give adamw or muon"),
    ],
)
def test_bad_fields_are_named_with_the_file(official, line, message):
    kept = [each for each in OFFICIAL.splitlines() if each.split(":")[0] != line.split(":")[0]]
    official.write_text("\n".join([*kept, line]))
    with pytest.raises(InputError) as error:
        load_config(official)
    assert message in str(error.value) and str(official) in str(error.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("lr", "has no '='"),
        ("lr=[1", "is not a YAML value"),
        ("name.first=1", "name has no parts"),
        ("worlds.0.epochs=3", "worlds has no parts"),
    ],
)
def test_bad_settings_are_named(tmp_path, setting, message):
    path = tmp_path / "own.yaml"
    path.write_text("name: own\nmodel: {width: 64}\nworlds: [{epochs: 1}]")
    with pytest.raises(InputError, match=f"--set .*{message}"):
        load_config(path, [setting])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "is not YAML"),
        ("- a\n- b", "holds no fields"),
        ("model: {}\nworlds: [{nodes: [5]}]", "epochs"),
    ],
)
def test_files_that_are_no_config(tmp_path, text, message):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_config(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_config(tmp_path / "absent.yaml")


def test_a_world_takes_the_fields_of_its_task_s_settings_beside_its_own(tmp_path):
    path = tmp_path / "run.yaml"
    own = "{epochs: 2, nodes: [5, 9], hops: {1: 1.0}, mean_parents: 1.2, lr: 0.1}"
    path.write_text(f"model: {{}}\nworlds: [{own}, {{epochs: 1}}]")
    first, second = load_config(path).worlds
    assert first == World(2, SamplerSettings(nodes=(5, 9), hops={1: 1.0}, mean_parents=1.2), lr=0.1)
    assert second.problems == SamplerSettings()
    plain = load_config(path).as_dict()
    assert plain["worlds"][0]["mean_parents"] == 1.2 and "mean_parents" not in plain["worlds"][1]
    assert config_from(plain) == load_config(path)
    path.write_text("model: {}\ntask: other\nworlds: [{epochs: 1}]")
    with pytest.raises(
        InputError, match="worlds: fresh problems of questions without graphs cannot be made; give a train_path"
    ):
        load_config(path)


def test_every_config_that_ships_loads():
    paths = sorted((Path(__file__).parents[1] / "configs").rglob("*.yaml"))
    assert paths
    for path in paths:
        assert load_config(path).name == path.stem
        first = path.read_text().splitlines()[0]
        assert first.endswith(f"configs/{path.name}") and first.startswith(("# coconut train", "# torchrun"))
