"""Does the model use its thoughts? Accuracy after a thought was changed, and how many answers flip.

Before the answer, what is fed into one slot, or into all of them, is changed; later thoughts follow from the change:

    zero     the zero vector
    mean     the mean of what is fed into that slot over the problems
    noise    a random direction of the thought's own length
    blur     the thought plus such a direction
    swap     the thought of another problem, the one before in the set
    freeze   the thought before it once more (from the second on)
    remove   the thought itself, but nothing that comes later attends to its slot (the next thought is still its own)

Each position has its accuracy with the Wilson interval, and its flips: answers that differ from those of the unchanged
run. All problems think the same number of thoughts, so n is the same at every position. The controls are the unchanged
run, and all thoughts changed at once in every other subject. A model with pauses feeds the same embedding everywhere,
so swap, mean and freeze change nothing there.
"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import STYLES, class_style, error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.changed_thoughts import KINDS, changed_answers
from analyses.readings.intervals import wilson
from analyses.readings.study import Study, Subject
from coconut_core.generation import Answers

CHANGED_PROBLEMS = 200
"""The first problems of a study, which are answered here: a model with changed thoughts often writes without an end."""


@dataclass(frozen=True)
class Interventions:
    """Answers after changes of thoughts."""

    labels: tuple[str, ...]
    table: pd.DataFrame
    """One row for each subject, kind ("none" is the unchanged run) and position (0 is all thoughts)."""

    def frame(self) -> pd.DataFrame:
        """The table: n, accuracy in [0, 1] with its Wilson interval, flips."""
        return self.table

    def figure(self) -> go.Figure:
        """Left, accuracy by the position of the changed thought; right, of every subject with all thoughts changed."""
        own = self.table[self.table["subject"] == self.labels[0]]
        titles = ["one thought changed", "all thoughts changed"]
        grid = make_subplots(1, 2, column_widths=[0.52, 0.48], shared_yaxes=True, column_titles=titles)
        for index, kind in enumerate(KINDS):
            line = own[(own["kind"] == kind) & (own["position"] > 0)]
            grid.add_scatter(
                x=line["position"],
                y=line["accuracy"],
                error_y=error_bars(line, "accuracy"),
                **class_style(index, kind, size=8),
                row=1,
                col=1,
            )
            everywhere = self.table[(self.table["kind"] == kind) & (self.table["position"] == 0)]
            shift = (index - (len(KINDS) - 1) / 2) * 0.11  # so that kinds stand beside each other
            colour, _, symbol = STYLES[index]
            grid.add_scatter(
                x=[place + shift for place in range(len(everywhere))],
                y=everywhere["accuracy"],
                error_y=error_bars(everywhere, "accuracy", width=2),
                name=kind,
                legendgroup=kind,
                showlegend=False,
                mode="markers",
                marker={"symbol": symbol, "size": 10, "color": colour},
                row=1,
                col=2,
            )
        clean = self.table[self.table["kind"] == "none"]
        line = {"color": LIGHT.ink, "width": 2}
        dash = {"mode": "markers", "marker": {"symbol": "line-ew", "size": 60, "line": line}, "name": "unchanged"}
        grid.add_scatter(x=list(range(len(clean))), y=clean["accuracy"], **dash, row=1, col=2)
        subjects = clean["subject"].str.replace(", ", ",<br>")
        grid.update_xaxes(tickvals=list(range(len(clean))), ticktext=list(subjects), row=1, col=2)
        grid.update_xaxes(range=[-0.6, len(clean) - 0.4], title_text="model", row=1, col=2)
        base = float(clean[clean["subject"] == self.labels[0]]["accuracy"].iloc[0])
        grid.add_hline(y=base, line={"color": LIGHT.faint, "dash": "dash"}, row=1, col=1)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="accuracy after the last thought", row=1, col=1)
        grid.update_xaxes(title_text="position of the changed thought", dtick=1, row=1, col=1)
        n = int(own["n"].iloc[0])
        title = "Does the model use its thoughts?"
        return framed(grid, title, f"{self.labels[0]}, n = {n} at every position, 95% Wilson", height=470, legend=1)

    def caption(self) -> str:
        """Accuracy with all thoughts swapped, and with all of them zero."""
        own = self.table[(self.table["subject"] == self.labels[0]) & (self.table["position"] == 0)].set_index("kind")
        return (
            f"Accuracy is {own.loc['none', 'accuracy']:.1%} unchanged, {own.loc['swap', 'accuracy']:.1%} with another "
            f"problem's thoughts ({own.loc['swap', 'flips']} answers flip) and {own.loc['zero', 'accuracy']:.1%} with "
            "zeros in their place."
        )


def interventions(study: Study) -> Interventions:
    """Every kind at every position of the model under study; all positions at once in the controls."""
    subjects = study.with_slots(trained=True)
    rows = []
    for subject in subjects:
        count = subject.max_thoughts
        problems = study.problems[:CHANGED_PROBLEMS]
        clean = changed_answers(subject.model, problems, count, None, ())
        rows.append(_row(study, subject, "none", 0, clean, clean))
        for kind in KINDS:
            for position in range(count + 1) if subject is study.model else (0,):
                if kind == "freeze" and position == 1:
                    continue
                slots = range(1, count + 1) if position == 0 else [position]
                written = changed_answers(subject.model, problems, count, kind, slots)
                rows.append(_row(study, subject, kind, position, written, clean))
    return Interventions(tuple(s.label for s in subjects), pd.DataFrame(rows))


def _row(study: Study, subject: Subject, kind: str, position: int, written: Answers, clean: Answers) -> dict:
    right, n, final = int(written.correct.sum()), len(written.text), study.task.final_answer
    flips = sum(final(a) != final(b) for (a,), (b,) in zip(written.text, clean.text, strict=True))
    low, high = wilson(right, n)
    row = {"subject": subject.label, "kind": kind, "position": position, "n": n, "accuracy": right / n}
    return {**row, "low": low, "high": high, "flips": flips}
