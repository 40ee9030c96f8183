"""Files and settings of runs: a config that can be written down and read again, or one sentence."""

import json
import random
from functools import cache
from pathlib import Path

import pytest
import yaml

from coconut_core.errors import InputError
from coconut_core.training.config_files import LARGEST_CONFIG, config_from, load_config
from tests.hostile.mutators import ODD_NUMBERS, ODD_TEXTS, mutated, mutated_bytes, odd_value, refused

IN_CI = 250
CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
FIELDS = (
    "lr",
    "model.layers",
    "model.width",
    "batch_size_training",
    "worlds",
    "name",
    "seed",
    "betas",
    "a.b.c",
    "model",
)


def attempt(rng: random.Random, folder: Path) -> bool:
    """Try one file with some settings; whether it was refused."""
    chosen = rng.choice(CONFIGS)
    content = chosen.read_bytes()
    if rng.random() < 0.5:
        content = _as_yaml(mutated(_whole(chosen), rng))
    elif rng.random() < 0.8:
        content = mutated_bytes(content, rng)
    path = folder / "run.yaml"
    path.write_bytes(content)
    settings = [_setting(rng) for _ in range(rng.choice([0, 0, 1, 2]))]
    return refused(lambda: _taken(path, settings))


def _taken(path: Path, settings: list[str]) -> None:
    config = load_config(path, settings)
    plain = config.as_dict()
    assert config_from(plain) == config
    json.dumps(plain).encode()
    for epoch in (0, 1, config.epochs - 1):
        assert config.stage_of_epoch(epoch) >= 0 and config.lr_of_epoch(epoch) > 0
    assert str(config.folder).isprintable()


def _setting(rng: random.Random) -> str:
    value = rng.choice(
        [str(rng.choice(ODD_NUMBERS)), rng.choice(ODD_TEXTS), json.dumps(odd_value(rng)), "{a: *b}", "!!x"]
    )
    return rng.choice([f"{rng.choice(FIELDS)}={value}", value, f"{value}={value}"])


@cache
def _whole(path: Path) -> dict:
    """The fields of a config, and those of the one that it extends."""
    content = yaml.safe_load(path.read_bytes())
    return {**_whole(path.parent / content.pop("extends")), **content} if "extends" in content else content


def _as_yaml(tree) -> bytes:
    """The values as a file, without halves of characters, which the writer of YAML refuses."""
    text = json.dumps(tree).replace("\\ud800", "?")
    try:
        return yaml.safe_dump(json.loads(text)).encode()
    except RecursionError:
        return text.encode()


def test_mutated_configs_are_taken_or_refused(tmp_path):
    outcomes = [attempt(random.Random(f"configs {number}"), tmp_path) for number in range(IN_CI)]
    assert 0.3 < sum(outcomes) / IN_CI < 0.99
    assert [path.name for path in tmp_path.iterdir()] == ["run.yaml"]


LAUGHS = "a0: &a0 [x, x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (LAUGHS, "an alias, .a0, stands for a value"),
        ("betas: &b [*b, *b]", "an alias"),
        ("name: " + "x" * LARGEST_CONFIG, "is larger than 65,536 bytes"),
        ("seed: " + "9" * 5_000, "is not YAML"),
        ("seed: 0x" + "f" * 5_000, "seed: a number of thousands of digits is too large"),
        ("lr: 0x" + "f" * 5_000, "lr: a number of thousands of digits is not a number"),
        ("? 0x" + "f" * 5_000 + "\n: 1", "a number of thousands of digits: is not a field"),
        ('name: "a\\0b"', "name: .* holds a character that no name has"),
        ('save_path: "a\\0b"', "save_path: .* holds a character that no name has"),
        ('train_path: "\\ud800"', "is not YAML|holds a character"),
        ("batch_size_training: 4294967294", "batch_size_training: 4294967294 is too large"),
        ("model: {layers: 4294967295}", "model.layers: 4294967295 is too large"),
        ("model: {layers: 200, width: 32768}", "model.layers: a model of .* numbers is larger"),
        ("validation_problems: 4294967295", "validation_problems: 4294967295 is too large"),
        ("stages_per_sample: 4294967295", "stages_per_sample: 4294967295 is too large"),
        ("extends: /dev/zero", "/dev/zero: cannot be read .it is a device"),
        ('extends: "a\\0b"', "cannot be read"),
    ],
)
def test_configs_that_hang_or_fill_the_memory_are_refused(tmp_path, line, message):
    path = tmp_path / "run.yaml"
    path.write_text(line)
    with pytest.raises(InputError, match=message):
        load_config(path)


def test_settings_of_thousands_of_digits_are_refused(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("worlds: [{epochs: 1}]\nmodel: {}")
    for setting in ("seed=" + "9" * 5_000, "lr=0x" + "f" * 9_000, "x" * 9_000, "name=" + "y" * 9_000 + "/"):
        assert refused(lambda setting=setting: load_config(path, [setting]))
    with pytest.raises(InputError, match="cannot be read .it is a device"):
        load_config("/dev/zero")
