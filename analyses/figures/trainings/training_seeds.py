"""Table 1 over several trainings: each seed, the mean over seeds, how far they are apart, and whether methods differ.

A seed is a training of its own from random weights on, its base included, on problems of its own. All answer the same
held-out problems after the number of thoughts that they were trained to end with. The interval of a mean and the test
of a difference from the first method respect both, seeds and problems (`readings/crossed.py`); the intervals of single
trainings are Wilson's, over the problems. Methods are compared over the seeds that both have, of which it takes two.
"Seeds disagree" where the difference from the first method has not the same sign in all of them. The paper gives
standard deviations over an unstated number of runs.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool, Float

from analyses.drawing.chart import chart, error_bars, note
from analyses.drawing.palette import LIGHT
from analyses.figures.method_table import accuracy_axes, beside
from analyses.figures.published import TABLE_1
from analyses.readings.crossed import crossed_mean
from analyses.readings.intervals import wilson
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of

MEAN = "mean"


@dataclass(frozen=True)
class SeededMethod:
    """One method, trained several times."""

    name: str
    label: str
    method: str
    seeds: tuple[str, ...]
    """Of each training, as its config has it."""
    weights: tuple[str, ...]
    """SHA-256 of each training's weights; "" where they are not files."""
    correct: Bool[np.ndarray, "seed problem"]

    def joined(self, other: "SeededMethod") -> "SeededMethod":
        """This method with other trainings of it, in the order of their seeds."""
        seeds, weights = (*self.seeds, *other.seeds), (*self.weights, *other.weights)
        correct = np.concatenate([self.correct, other.correct])
        order = sorted(range(len(seeds)), key=lambda index: int(seeds[index]))
        seeds, weights = (tuple(each[index] for index in order) for each in (seeds, weights))
        return replace(self, seeds=seeds, weights=weights, correct=correct[order])

    def of_seeds(self, seeds: Sequence[str]) -> Float[np.ndarray, "seed problem"]:
        """1 for right answers, of these trainings in this order."""
        return self.correct[[self.seeds.index(seed) for seed in seeds]].astype(float)


@dataclass(frozen=True)
class SeedTable:
    """Methods that were trained once or several times; the others are compared with the first."""

    methods: tuple[SeededMethod, ...]
    task: str
    described: str = ""
    problems: str = ""
    """SHA-256 of the questions, in their order."""

    def frame(self) -> pd.DataFrame:
        """For each method a row for every training, then one for their mean; shares in [0, 1]."""
        rows, first = [], self.methods[0]
        for each in self.methods:
            n = each.correct.shape[1]
            named = {"model": each.name, "label": each.label, "method": each.method}
            for seed, weights, right in zip(each.seeds, each.weights, each.correct, strict=True):
                low, high = wilson(int(right.sum()), n)
                row = {"seed": seed, "n": n, "accuracy": right.mean(), "low": low, "high": high}
                rows.append({**named, **row, "weights_sha256": weights, "problems_sha256": self.problems})
            row = {"seed": MEAN, "n": n, "accuracy": each.correct.mean()}
            if len(each.seeds) > 1:
                whole = crossed_mean(each.correct.astype(float))
                row |= {"low": max(whole.low, 0.0), "high": min(whole.high, 1.0), "between_seeds": whole.between_seeds}
            common = [seed for seed in each.seeds if seed in first.seeds]
            if each is not first and len(common) > 1:
                gap = each.of_seeds(common) - first.of_seeds(common)
                found, signs = crossed_mean(gap), set(np.sign(gap.mean(1)).tolist())
                row |= {"difference": found.mean, "difference_low": found.low, "difference_high": found.high}
                row |= {"p": found.p, "seeds_agree": len(signs) == 1, "seeds_compared": len(common)}
            paper = TABLE_1.get(self.task, {}).get(each.method)
            if paper:
                row |= {"paper_accuracy": paper[0] / 100, "paper_std": paper[1] / 100}
            rows.append({**named, **row})
        return pd.DataFrame(rows)

    @property
    def _counts(self) -> str:
        counts = sorted({len(each.seeds) for each in self.methods})
        return f"{' to '.join(map(str, counts[:: max(1, len(counts) - 1)]))} training{'s' * (counts[-1] > 1)}"

    def with_earlier(self, frame: pd.DataFrame, answered: pd.DataFrame) -> "SeedTable":
        """This table with the trainings of an earlier one, given as its `frame` and its `answers_frame`.

        A training that both have counts once. `InputError` if the earlier table is of other problems, or its two parts
        do not belong together.
        """
        try:
            singles = frame[frame["seed"].astype(str) != MEAN]
            if set(singles["problems_sha256"]) != {self.problems}:
                raise InputError("The earlier table is of other problems; give the same file and the same --first.")
            right = answered.pivot(index=["model", "seed"], columns="problem", values="correct").astype(bool)
            methods = {each.name: each for each in self.methods}
            for name, rows in singles.groupby("model", sort=False):
                known = methods.get(name)
                new = rows[[known is None or str(seed) not in known.seeds for seed in rows["seed"]]]
                if new.empty:
                    continue
                correct = np.stack([right.loc[(name, int(seed))].to_numpy() for seed in new["seed"]])
                earlier = SeededMethod(
                    name,
                    new["label"].iloc[0],
                    new["method"].iloc[0],
                    tuple(str(seed) for seed in new["seed"]),
                    tuple(new["weights_sha256"].fillna("")),
                    correct,
                )
                methods[name] = earlier if known is None else known.joined(earlier)
        except InputError:
            raise
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise InputError("The earlier table and its answers do not belong together; make both anew.") from error
        return replace(self, methods=tuple(methods.values()))

    def answers_frame(self) -> pd.DataFrame:
        """One row for each method, seed and problem: whether it was right. The table can be computed from it."""
        return pd.concat(
            pd.DataFrame({"model": each.name, "seed": seed, "problem": range(len(right)), "correct": right.astype(int)})
            for each in self.methods
            for seed, right in zip(each.seeds, each.correct, strict=True)
        )

    def figure(self) -> go.Figure:
        """A row for each method: its trainings as open circles, their mean with its interval, and the paper's."""
        frame = self.frame()
        means = frame[frame["seed"] == MEAN].reset_index(drop=True)
        place = {name: row for row, name in enumerate(means["model"])}
        singles = frame[frame["seed"] != MEAN]
        figure = chart(
            f"{self._counts} of every method, n = {means['n'][0]}",
            f"circle: a training · disc: mean, {self.described} (95%, over seeds and problems)"
            + beside(self.task),
            height=150 + 38 * len(means),
            left=300,
            right=330,
        )
        if "paper_accuracy" in means:
            figure.add_scatter(
                x=means["paper_accuracy"],
                y=[row + 0.22 for row in range(len(means))],
                error_x={"array": means["paper_std"], "color": LIGHT.faint, "thickness": 1, "width": 3},
                mode="markers",
                marker={"symbol": "diamond-open", "size": 9, "color": LIGHT.muted},
                hovertemplate="paper: %{x:.3f}<extra></extra>",
            )
        figure.add_scatter(
            x=singles["accuracy"],
            y=[place[name] - 0.22 for name in singles["model"]],
            mode="markers",
            marker={"symbol": "circle-open", "size": 8, "color": LIGHT.scale[3], "line": {"width": 1.5}},
            customdata=singles[["seed", "low", "high"]],
            hovertemplate="seed %{customdata[0]}: %{x:.3f} (%{customdata[1]:.3f}, %{customdata[2]:.3f})<extra></extra>",
        )
        figure.add_scatter(
            x=means["accuracy"],
            y=list(range(len(means))),
            error_x=error_bars(means, "accuracy", color=LIGHT.scale[3], thickness=2, width=5),
            mode="markers",
            marker={"size": 10, "color": LIGHT.scale[3]},
            hovertemplate="mean: %{x:.3f}<extra></extra>",
        )
        for row, mean in means.iterrows():
            note(figure, _summary(mean), x=1.01, y=row, xref="paper", yref="y", xanchor="left")
        accuracy_axes(figure, list(means["label"]), self.task)
        return figure.update_layout(showlegend=False)

    def caption(self) -> str:
        """The means, their differences from the first method, and where seeds disagree."""
        frame = self.frame()
        means = frame[frame["seed"] == MEAN]
        parts = [f"{row['label']} {_summary(row)}" for _, row in means.iterrows()]
        apart = [row["label"] for _, row in means.iterrows() if row.get("seeds_agree") is False]
        remark = f" Seeds disagree about {', '.join(apart)}: better in some, worse in others." if apart else ""
        return (
            f"Means over {self._counts}, in brackets the standard deviation between them, then "
            f"the difference from {self.methods[0].label}: {'; '.join(parts)}.{remark}"
        )


def training_seeds(
    trainings: Sequence[tuple[str, Sequence[Checkpoint]]],
    problems: Sequence[Problem],
    progress: Callable[[str], None] = lambda name: None,
) -> SeedTable:
    """Let every training of every method answer `problems`.

    `trainings` are (name, checkpoints), one for each seed, the first to be compared with. `progress` is called with the
    name of each training before it answers. `InputError` where two trainings of a method have the same seed or the same
    weights.
    """
    if not trainings or not problems:
        raise InputError("The table needs at least one method and one problem; give both.")
    methods = []
    for name, seeds in trainings:
        # A model that was not loaded has no hash.
        hashes = tuple(checkpoint.card.get("model_sha256", "") for checkpoint in seeds)
        numbers = tuple(str(checkpoint.card.get("run", {}).get("seed", "")) for checkpoint in seeds)
        for what, each in (("weights", [known for known in hashes if known]), ("seed", numbers)):
            if len(set(each)) < len(each):
                raise InputError(f"{name}: two trainings have the same {what}; give independent ones.")
        correct = []
        for checkpoint in seeds:
            progress(name)
            try:
                written = answers(checkpoint.model, problems, ks=(checkpoint.max_thoughts,))
            except InputError as error:
                raise InputError(f"{name}: {error}") from error
            correct.append(written.correct[:, 0])
        first = seeds[0]
        methods.append(SeededMethod(name, first.label, first.model.method.name, numbers, hashes, np.stack(correct)))
    task = task_of(problems)
    questions = hashlib.sha256("\n".join(problem.question for problem in problems).encode()).hexdigest()
    return SeedTable(tuple(methods), task.name, task.describe(problems), questions)


def _summary(mean: pd.Series) -> str:
    text = f"{mean['accuracy']:.1%}"
    if not np.isnan(mean.get("between_seeds", np.nan)):
        text += f" ({100 * mean['between_seeds']:.1f})"
    if not np.isnan(mean.get("p", np.nan)):
        difference, low, high = (100 * mean[f"difference{end}"] for end in ("", "_low", "_high"))
        text += f" · {difference:+.1f} ({low:+.1f} to {high:+.1f}), p = {mean['p']:.2g}"
    return text
