"""When does a run learn what? Cheap readings of the models that a run kept (`keep_epochs` of its config).

Of every kept model, and of the one that the run began with, five things are read on the same problems:

    with_thoughts   accuracy after the last thought
    without         accuracy of the same weights at k = 0
    depends         share of answers that change when all slots are fed zeros
    frontier        mean raw mass of the candidates after two thoughts: is the frontier named at all?
    goal            share of problems whose best candidate after one thought leads to the target

If thoughts carry a search, the frontier's mass and the preference for the goal come before, or with, the accuracy that
thoughts add to k = 0, and answers come to depend on what is fed into the slots. Accuracy that rises while answers do
not depend on it is learned elsewhere. A run of a control, such as pause as thought, is drawn beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.drawing.escaping import for_plotly
from analyses.readings.changed_thoughts import ANSWER_TOKENS, changed_answers
from analyses.readings.intervals import bootstrap_mean, wilson
from analyses.readings.study import Study, distinct_labels, untrained
from coconut_core.card import EPOCHS, FILES
from coconut_core.checkpoints import Checkpoint, load_model
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of

MEASURES = {
    "with_thoughts": "accuracy after all thoughts",
    "without": "accuracy without a thought",
    "depends": "answers that zeros change",
    "frontier": "mass of the frontier, k = 2",
    "goal": "best candidate leads to the target, k = 1",
}
"""What is read, with its title."""
FRONTIER_AFTER, GOAL_AFTER = 2, 1
"""Thoughts."""


@dataclass(frozen=True)
class Emergence:
    """Readings of every kept model of some runs."""

    table: pd.DataFrame
    """One row a run, model and measure: questions seen, n, the share or mean in [0, 1] and its interval (Wilson's; of
    means, bootstrap)."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """A panel a measure, against the questions that the run had seen."""
        grid = make_subplots(2, 3, subplot_titles=list(MEASURES.values()), horizontal_spacing=0.07)
        for index, run in enumerate(dict.fromkeys(self.table["run"])):
            for at, measure in enumerate(MEASURES):
                line = self.table[(self.table["run"] == run) & (self.table["measure"] == measure)]
                grid.add_scatter(
                    x=line["samples"],
                    y=line["value"],
                    error_y=error_bars(line, "value", width=3, thickness=1) if index == 0 else None,
                    name=for_plotly(run),
                    legendgroup=run,
                    showlegend=at == 0,
                    row=at // 3 + 1,
                    col=at % 3 + 1,
                    **style(index),
                )
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_xaxes(title_text="questions seen", row=2)
        grid.update_xaxes(title_text="questions seen", row=1, col=3)
        n = int(self.table["n"].max())
        subtitle = f"models kept during the run, read on the same {n} problems; bars of the first run: 95%"
        return framed(grid, "When does a run learn what?", subtitle, height=640, legend=1)

    def caption(self) -> str:
        """Of the first run, each measure at its beginning and end."""
        own = self.table[self.table["run"] == self.table["run"].iloc[0]]
        parts = []
        for measure, title in MEASURES.items():
            values = own[own["measure"] == measure].sort_values("samples")["value"]
            parts.append(f"{title} from {values.iloc[0]:.0%} to {values.iloc[-1]:.0%}")
        return f"{own['run'].iloc[0]}, over {own['samples'].max():,} questions: {'; '.join(parts)}."


def kept_models(folder: Path) -> list[Path]:
    """The folders of the models that a run kept, in their order, and of the finished one; `InputError` where there are
    none."""
    kept = [card.parent for card in sorted((folder / EPOCHS).glob(f"*/{FILES[0]}"))]
    if not kept:
        raise InputError(f"{folder}: holds no models of a run that kept them; train it with --set keep_epochs=1.")
    return kept + [folder] * (folder / FILES[0]).is_file()


def emergence(
    runs: Sequence[Path],
    problems: Sequence[Problem],
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> Emergence:
    """Readings of every model that the runs in these folders kept, and of what each began with: the model of its
    `load_model_path`, where that is there, else random weights.

    `progress` is called with what is being read and the share that is done. `InputError` for a folder without kept
    models, models without slots, or problems without graphs.
    """
    task_of(problems).require_graph("Reading how a run learned")
    kept = {run: kept_models(run) for run in runs}
    firsts = [load_model(folders[0]) for folders in kept.values()]
    labels = distinct_labels([first.label for first in firsts], [run.name for run in runs])
    rows, done, count = [], 0, len(runs) + sum(map(len, kept.values()))
    for label, first, (run, folders) in zip(labels, firsts, kept.items(), strict=True):
        for folder in (None, *folders):
            checkpoint = _start(first) if folder is None else load_model(folder)
            samples = 0 if folder is None else checkpoint.card.get("samples", 0)
            progress(f"{run.name} after {samples:,} questions", done / count)
            for measure, found in _read(checkpoint, problems).items():
                rows.append({"run": label, "samples": samples, "measure": measure, **found})
            done += 1
    return Emergence(pd.DataFrame(rows))


def _start(kept: Checkpoint) -> Checkpoint:
    """What a run began with, thinking as the run's models do."""
    try:
        loaded = load_model(kept.card["run"]["load_model_path"])
    except (InputError, KeyError, TypeError):
        return untrained(kept)
    return Checkpoint(loaded.model.with_method(kept.model.method).eval(), kept.card)


def _read(checkpoint: Checkpoint, problems: Sequence[Problem]) -> dict[str, dict[str, float]]:
    """Each of `MEASURES`: its n, value and interval."""
    study = Study([("model", checkpoint)], problems)
    (subject, *_) = study.with_slots()
    most, final = subject.max_thoughts, study.task.final_answer
    values = study.values(subject)
    written = answers(subject.model, problems, ks=(0, most), max_new_tokens=ANSWER_TOKENS)
    zeroed = changed_answers(subject.model, problems, most, "zero", range(1, most + 1))
    changes = [final(a) != final(b) for (_, a), (b,) in zip(written.text, zeroed.text, strict=True)]
    at = values.ks.index(FRONTIER_AFTER)
    mass = np.where(values.candidates[:, at].any(-1), values.candidate_mass[:, at], np.nan)
    after = values.ks.index(GOAL_AFTER)
    leads = [
        max(sorted(candidates), key=values.value[index, after].__getitem__) in problem.correct
        for index, problem in enumerate(problems)
        if (candidates := problem.candidates(GOAL_AFTER))
    ]
    low, high = bootstrap_mean(mass)
    return {
        "with_thoughts": _share(written.correct[:, 1]),
        "without": _share(written.correct[:, 0]),
        "depends": _share(np.array(changes)),
        "frontier": {"n": int((~np.isnan(mass)).sum()), "value": float(np.nanmean(mass)), "low": low, "high": high},
        "goal": _share(np.array(leads, bool)),
    }


def _share(found: Bool[np.ndarray, "problem"]) -> dict[str, float]:
    low, high = wilson(int(found.sum()), len(found))
    return {"n": len(found), "value": float(found.mean()) if len(found) else float("nan"), "low": low, "high": high}
