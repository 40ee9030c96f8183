"""`coconut dictionary`: the features that the thoughts of a model are made of.

coconut dictionary prosqa_laptop --thoughts 200000
coconut figures --model prosqa_laptop --data laptop --only features --out runs/inside
"""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coconut_core.errors import InputError

if TYPE_CHECKING:
    from coconut_core.checkpoints import Checkpoint

app = typer.Typer()
PROBLEMS_A_ROUND = 128
PASSES = 4
"""Times that the thoughts of a round are learned from."""
STORED_EVERY = 60.0
"""Seconds."""
SEED = 1905
STATE = "state.pt"


@app.command()
def dictionary(
    model: Annotated[Path, typer.Argument(help="Folder of a model with thoughts, or the name of a bundled one.")],
    thoughts: Annotated[int, typer.Option(min=1_000, help="Thoughts of fresh problems to learn from.")] = 200_000,
    features: Annotated[int, typer.Option(min=2, max=65_536, help="Directions to learn.")] = 1_024,
    active: Annotated[int, typer.Option(min=1, max=256, help="Features that a thought may have at once.")] = 16,
    restart: Annotated[bool, typer.Option(help="Discard the dictionary that is there and start anew.")] = False,
) -> None:
    """Learn a sparse dictionary of a model's thoughts, in its folder, where the figure `features` finds it.

    The problems are like those of the model's training. Written as SAELens writes dictionaries. The same command goes
    on where it was stopped.
    """
    from analyses.readings.representation.dictionary import CONFIG, FOLDER
    from coconut_core.bundled import model_folder
    from coconut_core.checkpoints import load_model
    from coconut_core.files import discard

    folder = model_folder(model)
    checkpoint, place = load_model(folder), folder / FOLDER
    if not checkpoint.model.method.has_slots:
        raise InputError(f"{folder}: has no thoughts; name a model with slots.")
    if restart and place.is_dir():
        discard(place)
    asked = {"thoughts": thoughts, "features": features, "active": active, "seed": SEED}
    asked |= {"model_name": folder.name, "model_sha256": checkpoint.card.get("model_sha256", "")}
    if (place / CONFIG).is_file():
        _require_same(place / CONFIG, asked)
    elif not _learn(checkpoint, place, asked):
        print("Stopped; the same command goes on.", file=sys.stderr)
        raise typer.Exit(130)
    print(place)


def _learn(checkpoint: "Checkpoint", place: Path, asked: dict) -> bool:
    """Learn from round after round of fresh problems, and write the dictionary; False where it was stopped."""
    from tqdm import tqdm

    from analyses.readings.representation.dictionary_learning import Learning
    from analyses.readings.representation.features import fed
    from coconut_core.problems.registry import DEFAULT, task_named
    from coconut_core.thoughts import thought_states
    from coconut_core.training.fields import world_of_training
    from coconut_core.training.interruption import Interruption
    from coconut_core.training.state import check_kinds, store_state, stored_state

    model, count = checkpoint.model, checkpoint.max_thoughts
    task = task_named(checkpoint.card.get("task", DEFAULT))
    settings, world = world_of_training(task, checkpoint.card)
    rounds = -(-asked["thoughts"] // (PROBLEMS_A_ROUND * count))

    def vectors(at: int):
        states = thought_states(model, task.sample(settings, PROBLEMS_A_ROUND, (SEED, at)), count)
        return fed(model, states).float().flatten(0, 1)

    first = vectors(0)
    learning, done, error = Learning(first, asked["features"], asked["active"]), 0, 1.0
    path, stored_at = place / STATE, time.monotonic()

    def state() -> dict:
        learned = {"module": learning.state_dict(), "optimizer": learning.optimizer.state_dict()["state"]}
        return {"asked": asked, "rounds": done, "error": error, **learned}

    if path.is_file():
        stored = stored_state(path)
        if stored.get("asked") != asked:
            raise InputError(f"{path}: belongs to other options or to another model; give the same, or --restart.")
        check_kinds(path, stored, {**state(), "optimizer": {}})
        learning.load_state_dict(stored["module"])
        groups = learning.optimizer.state_dict()["param_groups"]
        learning.optimizer.load_state_dict({"state": stored["optimizer"], "param_groups": groups})
        done, error = stored["rounds"], stored["error"]
    with Interruption() as interruption, tqdm(total=rounds, initial=done, unit="round") as bar:
        while done < rounds:
            fresh = first if done == 0 else vectors(done)
            error = learning.learn(fresh, PASSES, done / rounds, (done + 1) / rounds, done)
            done += 1
            bar.update()
            bar.set_postfix_str(f"error {error:.1%} of the variance")
            if interruption.asked or time.monotonic() > stored_at + STORED_EVERY:
                store_state(path, state())
                stored_at = time.monotonic()
            if interruption.asked and done < rounds:
                return False
    # The thoughts are the output of the last normalisation at the columns before the slots.
    about = {"hook_name": "ln_final.hook_out", "problems": world, "error_of_variance": error}
    learning.dictionary().save(place, {**asked, **about})
    path.unlink(missing_ok=True)
    return True


def _require_same(path: Path, asked: dict) -> None:
    """`InputError` unless the dictionary that is there is the one that is asked for."""
    from analyses.readings.representation.dictionary import REMEDY
    from coconut_core.reading import read_json

    there = read_json(path, remedy=REMEDY)
    about = there.get("metadata") if isinstance(there, dict) else None
    if not isinstance(about, dict) or any(about.get(name) != value for name, value in asked.items()):
        raise InputError(f"{path}: belongs to other options or to another model; give the same, or --restart.")
