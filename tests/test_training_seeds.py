"""Means over seeds and problems: coverage, limits, and the table of several trainings against its own answers."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.stats import ttest_1samp

from analyses.figures.trainings.training_seeds import MEAN, SeededMethod, SeedTable
from analyses.readings.crossed import crossed_mean
from analyses.readings.intervals import wilson
from coconut_core.files import sha256
from coconut_core.problems.registry import save_problems
from tests.command_line import coconut


@pytest.mark.parametrize("seeds,problems,both", [(0.03, 0.3, 0.3), (0.1, 0.2, 0.2), (0.0, 0.3, 0.3), (0.01, 0.05, 0.3)])
def test_intervals_hold_the_mean_as_often_as_they_say(seeds, problems, both):
    rng, held, drawn = np.random.default_rng(0), 0, 1500
    for _ in range(drawn):
        of_seed, of_problem = rng.normal(0, seeds, (3, 1)), rng.normal(0, problems, (1, 200))
        found = crossed_mean(0.5 + of_seed + of_problem + rng.normal(0, both, (3, 200)))
        held += found.low <= 0.5 <= found.high
    assert 0.9 <= held / drawn <= 0.97


def test_with_no_effect_of_problems_it_is_the_t_test_over_seeds():
    by_seed = np.array([0.2, 0.5, 0.35, 0.4])
    values = by_seed[:, None] + np.zeros((4, 50))
    found, usual = crossed_mean(values), ttest_1samp(by_seed, 0)
    low, high = usual.confidence_interval(0.95)
    assert np.allclose([found.low, found.high, found.p], [low, high, usual.pvalue])
    assert crossed_mean(np.ones((3, 5))).low == 1 and crossed_mean(np.zeros((3, 5))).p == 1


def seeded(name: str, method: str, *rows: list[int]) -> SeededMethod:
    weights = tuple(f"{name}{index}" for index in range(len(rows)))
    return SeededMethod(name, name.title(), method, ("0", "1")[: len(rows)], weights, np.array(rows, dtype=bool))


def test_the_table_says_where_seeds_disagree():
    first = seeded("ours", "coconut", [1, 1, 1, 0, 1, 0], [1, 0, 1, 0, 1, 1])
    worse = seeded("worse", "cot", [0, 1, 1, 0, 0, 0], [0, 0, 1, 0, 1, 0])
    mixed = seeded("mixed", "no_cot", [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1])
    table = SeedTable((first, worse, mixed), "prosqa", "graphs")
    means = table.frame().query("seed == @MEAN").set_index("model")
    assert means["seeds_agree"].to_dict() == pytest.approx({"ours": np.nan, "worse": True, "mixed": False}, nan_ok=True)
    assert "Seeds disagree about Mixed:" in table.caption() and "Worse:" not in table.caption()
    assert means.loc["ours", "paper_accuracy"] == 0.97 and len(table.figure().data) == 3


@pytest.fixture
def folders(tiny_checkpoint, tmp_path):
    """Two folders with two models each, all of different weights."""
    for seed in range(2):
        for name in ("one", "two"):
            folder = tmp_path / f"seed_{seed}" / name
            shutil.copytree(tiny_checkpoint, folder)
            weights = load_file(folder / "model.safetensors")
            generator = torch.Generator().manual_seed(seed + 2 * (name == "two"))
            moved = {key: part + 0.05 * torch.randn(part.shape, generator=generator) for key, part in weights.items()}
            save_file({key: part.to(weights[key].dtype) for key, part in moved.items()}, folder / "model.safetensors")
            card = json.loads((folder / "coconut.json").read_text())
            card["run"]["seed"], card["model_sha256"] = seed, sha256(folder / "model.safetensors")
            (folder / "coconut.json").write_text(json.dumps(card))
    return [tmp_path / "seed_0", tmp_path / "seed_1"]


def test_the_command_writes_a_table_that_its_answers_give_again(folders, problems, tmp_path):
    save_problems(tmp_path / "data.json", problems)
    done = coconut("seeds", *folders, "--data", tmp_path / "data.json", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "seeds.csv")
    rows = pd.read_csv(tmp_path / "out" / "seeds_answers.csv.gz")
    assert table["model"].tolist() == ["one"] * 3 + ["two"] * 3 and table["seed"].tolist() == ["0", "1", MEAN] * 2
    for (name, seed), found in rows.groupby(["model", "seed"]):
        row = table[(table["model"] == name) & (table["seed"] == str(seed))].iloc[0]
        low, high = wilson(int(found["correct"].sum()), len(found))
        assert (row["accuracy"], row["low"], row["high"]) == pytest.approx((found["correct"].mean(), low, high))
    right = rows.pivot(index=["model", "seed"], columns="problem", values="correct")
    gap = crossed_mean((right.loc["two"] - right.loc["one"]).to_numpy(dtype=float))
    row = table.iloc[-1]
    assert (row["difference"], row["p"]) == pytest.approx((gap.mean, gap.p))
    assert table["weights_sha256"].dropna().nunique() == 4


def test_trainings_of_another_day_are_taken_over(folders, problems, tmp_path):
    """Made of two folders at once, or of one after the other, whose weights need not be there any more."""
    save_problems(tmp_path / "data.json", problems)
    data = ("--data", tmp_path / "data.json")
    assert coconut("seeds", *folders, *data, "--out", tmp_path / "both").returncode == 0
    assert coconut("seeds", folders[0], *data, "--out", tmp_path / "first").returncode == 0
    alone = pd.read_csv(tmp_path / "first" / "seeds.csv")
    assert len(alone) == 4 and "difference" not in alone
    shutil.rmtree(folders[0])
    done = coconut("seeds", folders[1], *data, "--earlier", tmp_path / "first", "--out", tmp_path / "later")
    assert done.returncode == 0, done.stderr
    for name in ("seeds.csv", "seeds_answers.csv.gz"):
        pd.testing.assert_frame_equal(*(pd.read_csv(tmp_path / folder / name) for folder in ("both", "later")))
    save_problems(tmp_path / "data.json", problems[:5])
    done = coconut("seeds", folders[1], *data, "--earlier", tmp_path / "first", "--out", tmp_path / "none")
    assert done.returncode == 2 and "is of other problems" in done.stderr and not (tmp_path / "none").exists()


def test_trainings_that_are_none_are_refused(folders, problems, tmp_path):
    save_problems(tmp_path / "data.json", problems)
    settings = ("--data", tmp_path / "data.json", "--out", tmp_path / "out")
    done = coconut("seeds", folders[0], folders[0], *settings)
    assert done.returncode == 2 and "two trainings have the same weights" in done.stderr
    (tmp_path / "empty").mkdir()
    done = coconut("seeds", tmp_path / "empty", *settings)
    assert done.returncode == 2 and "holds no folder of a model" in done.stderr
    done = coconut("seeds", folders[0], *settings, "--earlier", tmp_path / "empty")
    assert done.returncode == 2 and "has no seeds.csv" in done.stderr
    assert not (tmp_path / "out").exists()
