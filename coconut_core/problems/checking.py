"""Is a set of problems sound: each by itself, no two the same, none with the facts of another set?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from coconut_core.errors import InputError
from coconut_core.problems.task import Task


@dataclass(frozen=True)
class Violation:
    """One reason why an item of a set (counted from 0) is not sound."""

    item: int
    what: str


def set_violations(
    task: Task,
    records: Sequence,
    against: Mapping[str, Sequence] | None = None,
    *,
    min_steps: int = 3,
    progress: bool = False,
) -> list[Violation]:
    """What is wrong with a set: the violations of its records, repeats within it and overlap with other sets.

    `against` holds other sets by name, say the training file. Within a set an item repeats another if it asks
    the same question of the same facts (`Task.question_key`). An item overlaps with another set if its facts are
    there, whatever is asked of them (`Task.facts_key`), because training may ask further questions of its facts.
    """
    found = []
    first: dict[bytes, int] = {}
    elsewhere: dict[str, dict[bytes, int]] = {}
    for name, others in (against or {}).items():
        items = elsewhere[name] = {}
        for item, record in enumerate(others):
            if keys := _keys(task, record):
                items.setdefault(keys[0], item)
    for item, record in enumerate(tqdm(records, unit="problem", disable=None if progress else True)):
        found += [Violation(item, what) for what in task.violations(record, min_steps=min_steps)]
        keys = _keys(task, record)
        if keys is None:
            continue
        facts, question = keys
        earlier = first.setdefault(question, item)
        if earlier != item:
            found.append(Violation(item, f"Repeats item {earlier}."))
        found += [
            Violation(item, f"Its facts are those of item {items[facts]} of {name}.")
            for name, items in elsewhere.items()
            if facts in items
        ]
    return found


def _keys(task: Task, record: object) -> tuple[bytes, bytes] | None:
    """The keys of a record's facts and question; None where they cannot be read, which is a violation of its own."""
    if not isinstance(record, Mapping) or not isinstance(record.get("question"), str):
        return None
    try:
        return task.facts_key(record["question"]), task.question_key(record["question"])
    except (InputError, UnicodeEncodeError):  # the second one of a text with halves of characters
        return None
