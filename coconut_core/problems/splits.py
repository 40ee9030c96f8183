"""Training, validation and test sets of fresh problems that share no facts, made from one seed."""

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from coconut_core.errors import InputError
from coconut_core.files import sha256, write_atomically
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import load_problems, save_problems
from coconut_core.problems.task import Task

SPLITS = ("train", "valid", "test")

_ROUND = 2_000
"""Most problems drawn between two updates of the progress bar."""
_FRUITLESS = 0.01
"""A round with a smaller share of new problems shows that the world is exhausted."""


def make_splits(
    task: Task,
    settings: Any,
    sizes: Mapping[str, int],
    seed: int,
    *,
    exclude: Collection[bytes] = (),
    progress: bool = False,
) -> dict[str, list[Problem]]:
    """Problems for each split, no two with the same facts (`Task.facts_key`), none with facts in `exclude`.

    Each split draws from a generator of its own. `InputError` if the world of these settings has too few
    different problems.
    """
    taken = set(exclude)
    splits: dict[str, list[Problem]] = {}
    for number, (split, size) in enumerate(sizes.items()):
        problems = splits[split] = []
        rounds = 0
        with tqdm(total=size, desc=split, unit="problem", disable=None if progress else True) as bar:
            while len(problems) < size:
                wanted = min(size - len(problems), _ROUND)
                # At least a hundred, so that a small remainder does not pass for an exhausted world.
                drawn = task.sample(settings, max(wanted, 100), (seed, number, rounds))
                rounds += 1
                new = {}
                for problem in drawn:
                    new.setdefault(task.facts_key(problem.question), problem)
                fresh = {key: problem for key, problem in new.items() if key not in taken}
                if len(fresh) < _FRUITLESS * len(drawn):
                    raise InputError(
                        f"Next to no new problems were left after {len(problems):,} of {size:,} for {split}: "
                        "ask for fewer problems or more nodes."
                    )
                kept = list(fresh.items())[:wanted]
                taken.update(key for key, _ in kept)
                problems += [problem for _, problem in kept]
                bar.update(len(kept))
    return splits


def write_splits(
    folder: Path,
    task: Task,
    settings: Any,
    sizes: Mapping[str, int],
    seed: int,
    *,
    exclude: Sequence[Path] = (),
    force: bool = False,
    progress: bool = False,
) -> list[Path]:
    """Make splits and write `<task>_<split>.json` for each that is not empty, and `<task>_provenance.json` beside them.

    Files that are there are replaced with `force` only (and removed, if their split is to be empty now).
    """
    if not any(sizes.values()):
        raise InputError("All splits are empty: ask for at least one problem.")
    paths = {split: folder / f"{task.name}_{split}.json" for split in sizes}
    provenance_path = folder / f"{task.name}_provenance.json"
    present = [path for path in (*paths.values(), provenance_path) if path.exists()]
    if present and not force:
        raise InputError(f"{present[0]}: exists already; add --force to replace it or choose another folder.")
    known = {key for path in exclude for key in _facts_of(task, path)}
    excluded = [{"file": path.name, "sha256": sha256(path)} for path in exclude]
    splits = make_splits(task, settings, sizes, seed, exclude=known, progress=progress)
    written = []
    for split, path in paths.items():
        if splits[split]:
            save_problems(path, splits[split])
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    provenance = {
        "task": task.name,
        "settings": dataclasses.asdict(settings),
        "seed": seed,
        "excluded": excluded,
        "files": {
            path.name: {"problems": len(splits[split]), "sha256": sha256(path)}
            for split, path in paths.items()
            if path in written
        },
    }
    write_atomically(provenance_path, json.dumps(provenance, indent=2) + "\n")
    return [*written, provenance_path]


def _facts_of(task: Task, path: Path) -> set[bytes]:
    """The keys of all facts in a file."""
    keys = set()
    for number, problem in enumerate(load_problems(path)):
        try:
            keys.add(task.facts_key(problem.question))
        except InputError as error:
            raise InputError(f"{path}, item {number}: {error}") from error
    return keys
