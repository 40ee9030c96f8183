"""The stop classifier of a run: which problems it is fitted and its threshold chosen on; and once more, for a finished
model.

Both kinds are fresh problems of the run's last world, drawn with seeds of their own, so that neither is trained,
validated or reported on. A run on a file takes problems of this file, which the model has seen: there the threshold
says nothing of problems that it has not.
"""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from tqdm.auto import tqdm

from coconut_core.bundled import model_folder
from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import load_problems, task_named
from coconut_core.stopping import StopClassifier, choose_threshold, fit_stop_classifier, read_thoughts
from coconut_core.training.config import RunConfig
from coconut_core.training.config_files import config_from

# Parts of a run's seed; 0 and 1 are those of training and validation.
_FITTING, _CHOOSING = 2, 3
FITTED_ON = 1_000
CHOSEN_ON = 2_000


def stop_rule(model: CoconutModel, config: RunConfig, *, quiet: bool = False) -> StopClassifier:
    """Fit the classifier of a trained model and choose its threshold for the run's `stop_loss`."""
    count = config.curriculum_of_epoch(config.epochs).max_thoughts
    fitting, choosing = stopping_problems(config)
    with tqdm(total=len(fitting) + len(choosing), unit="problem", desc="stop classifier", disable=quiet) as bar:
        fitted = read_thoughts(model, fitting, count, progress=lambda done: bar.update(done - bar.n))
        classifier = fit_stop_classifier(fitted)
        behind = bar.n
        fresh = read_thoughts(model, choosing, count, progress=lambda done: bar.update(behind + done - bar.n))
    chosen = choose_threshold(classifier, fitted, fresh, config.stop_loss)
    source = "train_path" if config.train_path else "worlds"
    return dataclasses.replace(
        chosen, record={**chosen.record, "fitted_on": len(fitting), "problems": source, "seed": config.seed}
    )


def stopping_problems(config: RunConfig) -> tuple[Sequence[Problem], Sequence[Problem]]:
    """Problems to fit the classifier on, and others to choose its threshold on."""
    if config.train_path:
        problems = load_problems(config.train_path)[: FITTED_ON + CHOSEN_ON]
        cut = max(1, len(problems) * FITTED_ON // (FITTED_ON + CHOSEN_ON))
        return problems[:cut], problems[cut:]
    task, settings = task_named(config.task), config.worlds[-1].problems
    return (
        task.sample(settings, FITTED_ON, (config.seed, _FITTING)),
        task.sample(settings, CHOSEN_ON, (config.seed, _CHOOSING)),
    )


def refit_stop_rule(
    folder: Path, loss: float | None = None, *, command: str = "", quiet: bool = False
) -> StopClassifier:
    """Fit the stop classifier of a finished model anew and write it and its numbers into the model's folder.

    `loss` takes the place of the run's `stop_loss`. The model stays as it is; until both are read, nothing is written.
    `InputError` names what is wrong with the folder, or why its model has nothing to stop.
    """
    folder = model_folder(folder)
    card_file = folder / "coconut.json"
    checkpoint = load_model(folder, "cuda" if torch.cuda.is_available() else "cpu")
    settings = {} if loss is None else {"stop_loss": loss}
    try:
        config = config_from({**checkpoint.card["run"], "stopping": "classifier", **settings})
    except InputError as error:
        raise InputError(f"{card_file}: field 'run': {error}") from error
    classifier = stop_rule(checkpoint.model, config, quiet=quiet)
    classifier.save(folder)
    card = {**checkpoint.card, "stopping": {**classifier.record, "command": command}}
    write_atomically(card_file, json.dumps(card, indent=2) + "\n")
    return classifier
