"""What stopping early costs: accuracy against the mean number of thoughts, for every threshold of the stop classifier.

Thinking stops after the first thought whose score is above the threshold (`coconut_core/stopping.py`). As the threshold
falls, thoughts are saved and answers are lost; the threshold that the model ships with is marked. It was chosen on
other problems. Controls: the same number of thoughts for every problem; at every threshold, numbers of thoughts
distributed as the classifier's, but dealt to the problems at random (the expected accuracy); and an oracle that stops
at the first thought from which on the answer is right, or after all thoughts where it never is. A classifier whose
curve lies on that of the random numbers knows nothing of its problem.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Bool, Float, Int
from plotly.subplots import make_subplots

from analyses.drawing.chart import class_style, error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import bootstrap_mean, paired_difference, wilson
from analyses.readings.study import Study
from coconut_core.errors import InputError
from coconut_core.stopping import stop_targets, stopped_after

THRESHOLDS = 41
"""Points of a curve: quantiles of the scores."""
RULES = {
    "classifier": "stop classifier",
    "fixed": "fixed number of thoughts",
    "random": "the classifier's numbers, dealt at random",
    "oracle": "oracle: right from here on",
}


@dataclass(frozen=True)
class Stopping:
    """Scores of thoughts and whether the answers are right, of every subject that has a stop classifier."""

    labels: tuple[str, ...]
    scores: tuple[Float[np.ndarray, "problem thought"], ...]
    """Log odds that each of a subject's thoughts is one to stop after."""
    correct: tuple[Bool[np.ndarray, "problem k"], ...]
    """After 0, 1, ... and all of its thoughts."""
    thresholds: tuple[float, ...]
    """Those that the subjects ship with."""
    losses: tuple[float | None, ...]
    """Share of answers that each threshold was chosen to lose at most; None where that is not known."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, rule and threshold or number of thoughts: whether it is the shipped one, mean
        thoughts, n, accuracy with its 95% interval, and its difference to that of all thoughts, paired, with its own.

        Intervals are Wilson's and, of the random numbers, bootstrapped over problems.
        """
        rows = []
        for label, scores, correct, shipped in zip(
            self.labels, self.scores, self.correct, self.thresholds, strict=True
        ):
            tensor, each = torch.tensor(scores), np.arange(len(correct))
            early = scores[:, :-1]
            tried = np.quantile(early, np.linspace(0, 1, THRESHOLDS)).tolist() if early.size else []
            for threshold in sorted({*tried, shipped}):
                at = {"subject": label, "threshold": threshold, "chosen": threshold == shipped}
                thoughts = stopped_after(tensor, threshold).numpy()
                rows.append({**at, "rule": "classifier", **_compared(correct, correct[each, thoughts], thoughts)})
                share = np.bincount(thoughts, minlength=correct.shape[1]) / len(thoughts)
                expected = correct @ share
                low, high = bootstrap_mean(expected)
                rows.append({**at, "rule": "random", "mean_thoughts": thoughts.mean(), "n": len(correct)})
                rows[-1] |= {"accuracy": expected.mean(), "low": low, "high": high}
            for k in range(correct.shape[1]):
                rows.append(
                    {"subject": label, "rule": "fixed", **_compared(correct, correct[:, k], np.full(len(each), k))}
                )
            first = stop_targets(torch.tensor(correct[:, 1:])).int().argmax(1).numpy() + 1
            rows.append({"subject": label, "rule": "oracle", **_compared(correct, correct[each, first], first)})
        columns = ["subject", "rule", "threshold", "chosen", "mean_thoughts", "n", "accuracy", "low", "high"]
        columns += ["difference", "difference_low", "difference_high"]
        frame = pd.DataFrame(rows, columns=columns).fillna({"chosen": False})
        order = {name: place for place, name in enumerate([*self.labels, *RULES])}
        keys = ["subject", "rule", "mean_thoughts", "threshold"]
        return frame.sort_values(
            keys, key=lambda c: c.map(order) if c.name in keys[:2] else c, ignore_index=True, kind="stable"
        )

    def figure(self) -> go.Figure:
        """A panel for each subject: accuracy against mean thoughts, a line for each rule."""
        frame = self.frame()
        grid = make_subplots(1, len(self.labels), shared_yaxes=True, column_titles=self.labels, horizontal_spacing=0.05)
        for column, label in enumerate(self.labels, start=1):
            own = frame[frame["subject"] == label]
            for index, (rule, name) in enumerate(RULES.items()):
                line = own[own["rule"] == rule]
                look = class_style(index, name, 9 if rule == "oracle" else 7)
                grid.add_scatter(
                    x=line["mean_thoughts"],
                    y=line["accuracy"],
                    error_y=error_bars(line, "accuracy", width=3, thickness=1) if rule in ("fixed", "oracle") else None,
                    showlegend=column == 1,
                    row=1,
                    col=column,
                    **{**look, "mode": "lines" if rule in ("classifier", "random") else look["mode"]},
                )
            chosen = own[own["chosen"] & (own["rule"] == "classifier")]
            grid.add_scatter(
                x=chosen["mean_thoughts"],
                y=chosen["accuracy"],
                error_y=error_bars(chosen, "accuracy", width=5, thickness=2),
                mode="markers",
                marker={
                    "symbol": "circle",
                    "size": 13,
                    "color": LIGHT.scale[4],
                    "line": {"color": LIGHT.paper, "width": 2},
                },
                name="as shipped",
                legendgroup="as shipped",
                showlegend=column == 1,
                row=1,
                col=column,
            )
        most = frame["mean_thoughts"].max()
        grid.update_xaxes(title_text="mean number of thoughts", dtick=1, range=[-0.03 * most, 1.03 * most])
        grid.update_yaxes(tickformat=".0%")
        grid.update_yaxes(title_text="accuracy", row=1, col=1)
        return framed(
            grid,
            "What stopping early costs",
            f"a curve's points are thresholds; bars: 95% Wilson, n = {len(self.correct[0])}",
            height=480,
            legend=2,
        )

    def caption(self) -> str:
        """What the shipped threshold saves and costs, beside its controls."""
        frame = self.frame()
        own = frame[frame["subject"] == self.labels[0]].set_index("rule")
        chosen, random = (own[own["chosen"]].loc[rule] for rule in ("classifier", "random"))
        most, oracle = own.loc["fixed"].iloc[-1], own.loc["oracle"]
        aim = "" if self.losses[0] is None else f", chosen to lose at most {self.losses[0]:.1%} of all answers,"
        return (
            f"The stop classifier{aim} answers {_interval(chosen)} right after {chosen['mean_thoughts']:.2f} thoughts; "
            f"{most['mean_thoughts']:.0f} thoughts answer {_interval(most)}: a difference of "
            f"{100 * chosen['difference']:+.1f} points ({100 * chosen['difference_low']:+.1f} to "
            f"{100 * chosen['difference_high']:+.1f}). The same numbers of thoughts dealt at random reach "
            f"{random['accuracy']:.1%}; an oracle needs {oracle['mean_thoughts']:.2f}."
        )


def _compared(
    correct: Bool[np.ndarray, "problem k"], right: Bool[np.ndarray, "problem"], thoughts: Int[np.ndarray, "problem"]
) -> dict[str, float]:
    """Accuracy of a rule and its difference to that of all thoughts, with intervals."""
    last, n = correct[:, -1], len(correct)
    low, high = wilson(int(right.sum()), n)
    found = {"mean_thoughts": thoughts.mean(), "n": n, "accuracy": right.mean(), "low": low, "high": high}
    differences = paired_difference(int((last & ~right).sum()), int((right & ~last).sum()), n)
    return found | dict(zip(("difference", "difference_low", "difference_high"), differences, strict=True))


def _interval(row: pd.Series) -> str:
    return f"{row['accuracy']:.1%} ({row['low']:.1%} to {row['high']:.1%})"


def stopping(study: Study) -> Stopping:
    """Every subject with a stop classifier; `InputError` if the model under study has none."""
    if study.model.checkpoint.stop_classifier is None:
        raise InputError(f"{study.model.name}: has no stop classifier; fit one with `coconut fit-stopping`.")
    labels, scores, correct, thresholds, losses = [], [], [], [], []
    for subject in study.subjects:
        if (classifier := subject.checkpoint.stop_classifier) is None:
            continue
        loss = classifier.record.get("loss")
        labels.append(subject.label)
        scores.append(classifier.scores(study.all_thoughts(subject)).double().numpy())
        correct.append(study.all_answers(subject).correct)
        thresholds.append(float(classifier.threshold))
        losses.append(float(loss) if isinstance(loss, int | float) else None)
    return Stopping(tuple(labels), tuple(scores), tuple(correct), tuple(thresholds), tuple(losses))
