"""The page of a verdict: the answers side by side, and of every model its sentences and all readings."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from plotly.offline import get_plotlyjs

from analyses.report.page import templates
from analyses.verdict.verdict import AMOUNTS, Verdict

TEMPLATES = templates("analyses.verdict")


def page(verdict: Verdict, problems: str, command: str) -> str:
    """The HTML, which needs no network; `problems` is a sentence that says what was read."""
    models = []
    for (name, role), answers in verdict.answers.groupby(["model", "role"], sort=False):
        rows = verdict.readings[verdict.readings["model"] == name].to_dict("records")
        models.append(
            {
                "name": name,
                "role": role,
                "amounts": amounts(rows),
                "answers": answers.to_dict("records"),
                "readings": [_shown(row) for row in rows if row["instrument"] not in AMOUNTS],
            }
        )
    figure = verdict.figure().to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
    return TEMPLATES.get_template("page.html.j2").render(
        plotly=get_plotlyjs(), figure=figure, models=models, problems=problems, command=command
    )


def amounts(rows: list[Mapping[str, Any]]) -> str:
    """The numbers that answer no question, in a sentence; "" for a model without them."""
    by_name = {row["instrument"]: row for row in rows}
    if "accuracy" not in by_name:
        return ""
    after, alone, branches = (by_name[name] for name in AMOUNTS)
    said = f"Right after all thoughts {_percent(after)}, at k = 0 {_percent(alone)}."
    if branches["n"]:
        interval = f"{branches['low']:.1f} to {branches['high']:.1f}; n = {branches['n']}"
        said += f" Branches at once, by value: {branches['share']:.1f} ({interval})."
    return said


def _percent(row: Mapping[str, Any]) -> str:
    return f"{row['share']:.1%} ({row['low']:.1%} to {row['high']:.1%}; n = {row['n']})"


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["left_out"] or not row["n"]:
        return {**row, "left_out": row["left_out"] or "no such problem"}
    control = "" if pd.isna(row["control_n"]) else f"{row['control']}: {row['control_share']:.0%}"
    interval = f"{row['low']:.0%} to {row['high']:.0%}"
    return {**row, "share": f"{row['share']:.0%}", "interval": interval, "control": control}
