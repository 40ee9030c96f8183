"""`make models`: which trainings it runs, in which order, and that every one of them is a config that loads."""

import shlex
import subprocess
from pathlib import Path

from coconut_core.methods import METHODS
from coconut_core.training.config_files import load_config

ROOT = Path(__file__).resolve().parent.parent


def trainings(*arguments: str) -> list[list[str]]:
    """The arguments of every `coconut train` that make would run, none of which is there yet."""
    made = subprocess.run(
        ["make", "--dry-run", "models", "RUNS=never", "READY=", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = made.stdout.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[3:] for line in lines if " train " in line]


def test_every_run_starts_from_one_before_it_and_all_rows_of_table_1_are_there():
    configs = [load_config(config, settings[1::2]) for config, *settings in trainings()]
    known = []
    for config in configs:
        assert config.load_model_path is None or Path(config.load_model_path) in known, config.name
        known.append(config.folder)
    assert len(known) == len(set(known))
    for task in ("prosqa", "prontoqa", "gsm8k"):
        of_task = [config for config in configs if config.task == task]
        rows = {config.method for config in of_task if not config.name.endswith("_base")}
        # A pass for each pause computes the same as one for all.
        assert rows == METHODS.keys() - {"pause_multi_pass"}, task


def test_another_seed_is_another_training_of_everything_on_other_problems():
    first, second = (
        [load_config(config, settings[1::2]) for config, *settings in trainings(f"SEED={n}")] for n in (0, 1)
    )
    assert [each.name for each in first] == [each.name for each in second]
    assert not {each.seed for each in first} & {each.seed for each in second}
    for one, other in zip(first, second, strict=True):
        assert {**one.as_dict(), "seed": 0} == {**other.as_dict(), "seed": 0}
