"""Model folders as tables: what they are, and how their configs differ."""

import json
from collections.abc import Sequence

import pandas as pd

from workbench.choices.model_shelf import ModelFolder


def models_table(folders: Sequence[ModelFolder]) -> pd.DataFrame:
    """One row a folder, usable or not; what a card does not say is empty."""
    rows = []
    for folder in folders:
        card = folder.card()
        run, metrics, data = (_part(card, name) for name in ("run", "metrics", "data"))
        accuracy = _part(metrics, "accuracy")
        rows.append(
            {
                "model": folder.name,
                "usable": folder.fault is None,
                "method": card.get("method"),
                "mixed": run.get("uniform_prob"),
                "thoughts": card.get("max_thoughts"),
                "accuracy": accuracy.get(str(card.get("max_thoughts"))),
                "accuracy_0": accuracy.get("0"),
                "n": metrics.get("n"),
                "samples": card.get("samples"),
                "seconds": card.get("seconds"),
                "seed": run.get("seed"),
                "parameters": card.get("parameters"),
                "weights": str(card.get("model_sha256", ""))[:12],
                "data": str(next((data[key] for key in ("train_sha256", "worlds_sha256") if key in data), ""))[:12],
            }
        )
    return pd.DataFrame(rows)


def card_of(folder: ModelFolder) -> dict[str, dict]:
    """The card in parts to read: where the model comes from, what was measured, its whole config."""
    card = dict(folder.card())
    run, metrics = card.pop("run", {}), card.pop("metrics", {})
    return {"Provenance": card, "Measured when it was stored": metrics, "Config": run}


def config_differences(folders: Sequence[ModelFolder]) -> pd.DataFrame:
    """Fields of the configs that are not the same in all folders: a row a field, a column a folder."""
    runs = {folder.name: _part(folder.card(), "run") for folder in folders}
    fields = sorted({field for run in runs.values() for field in run})
    rows = {}
    for field in fields:
        values = {name: json.dumps(run.get(field)) for name, run in runs.items()}
        if len(set(values.values())) > 1:
            rows[field] = values
    first = "field" if "field" not in runs else "field of the config"
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(runs)).rename_axis(first).reset_index()


def _part(card: dict, name: str) -> dict:
    part = card.get(name)
    return part if isinstance(part, dict) else {}
