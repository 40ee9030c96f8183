"""Where a problem on the page comes from: bundled files, the sampler, a pasted text, an uploaded file.

Every way ends in a `ProsqaProblem` whose picture can be drawn, or in one `InputError` with the remedy. What
is unsound about a problem without keeping it from being drawn is told by `complaints`.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from coconut_core.errors import InputError
from coconut_core.problems.graph import depths, frontier
from coconut_core.problems.prosqa.files import load_problems
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from coconut_core.problems.prosqa.validation import violations

UPLOAD_MEGABYTES = 10
LONGEST_TEXT = 8000
"""Characters of a question that may be pasted or edited; links hold them."""
MOST_NODES = 120
"""Larger graphs are refused: their picture could not be read and their values would keep the page waiting."""


def bundled_sets(folder: Path) -> dict[str, Path]:
    """The JSON files of problems below `folder`, by their path without the ending; nothing is read yet.

    What tells where a set comes from (`*_provenance.json`) is no set.
    """
    files = [path for path in sorted(folder.rglob("*.json")) if not path.stem.endswith("_provenance")]
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def problems_of(path: Path) -> dict[str, ProsqaProblem]:
    """The problems of one file by label."""
    return labels(load_problems(path))


def labels(problems: Iterable[ProsqaProblem]) -> dict[str, ProsqaProblem]:
    """Problems by label: number in the set (from 0), hops, question; links hold labels."""
    named = {}
    for number, problem in enumerate(problems):
        hops = depths(problem.graph, problem.root).get(problem.target, "no")
        root, first, second = (problem.names[node] for node in (problem.root, *problem.choices))
        named[f"{number} · {hops} hops · {root}: {first} or {second}"] = problem
    return named


def telling(problems: Iterable[ProsqaProblem]) -> int:
    """Index of the first problem that shows a search: several first steps, still more second ones, 3 hops.

    It is what a newcomer sees first; 0 where there is none.
    """
    for index, problem in enumerate(problems):
        first, second = (len(frontier(problem.graph, problem.root, k)) for k in (1, 2))
        if 3 <= first < second and depths(problem.graph, problem.root).get(problem.target, 0) >= 3:
            return index
    return 0


def sampler_settings(card: Mapping) -> tuple[SamplerSettings, str]:
    """The world of problems that a model was trained on last, as its card tells, and that world in words.

    The official world where the card does not tell (a model trained on a file).
    """
    try:
        world = card["run"]["worlds"][-1]
        fewest, most = world["nodes"]
        hops = {int(length): float(weight) for length, weight in world["hops"].items()}
        settings, origin = SamplerSettings(nodes=(int(fewest), int(most)), hops=hops), "the model's training"
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        settings, origin = SamplerSettings(), "the official problems"
    (fewest, most), lengths = settings.nodes, sorted(settings.hops)
    return settings, f"as in {origin}: {fewest} to {most} nodes, {lengths[0]} to {lengths[-1]} hops"


def random_problem(settings: SamplerSettings, seed: int) -> ProsqaProblem:
    """One fresh problem; the same settings and seed give the same problem."""
    return sample_problems(settings, 1, seed)[0]


def pasted_problem(text: str) -> ProsqaProblem:
    """The problem of a ProsQA question, or of one JSON record in the official format."""
    if text.lstrip()[:1] in ("{", "["):
        return problem_of(uploaded_records(text.encode(), "The pasted text")[0], "The pasted text")
    return drawable(ProsqaProblem.from_text(text))


def uploaded_records(content: bytes, name: str) -> list:
    """The items of an uploaded file: a list of records, or one record alone."""
    try:
        records = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        place = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            f"{name} is no whole JSON file{place}; choose a file in the official ProsQA format."
        ) from error
    records = [records] if isinstance(records, dict) else records
    if not isinstance(records, list) or not records:
        raise InputError(f"{name} holds no list of problems; choose a file in the official ProsQA format.")
    return records


def problem_of(record: object, name: str) -> ProsqaProblem:
    """The problem of one uploaded record; `InputError` names the upload."""
    try:
        return drawable(ProsqaProblem.from_json(record))  # type: ignore[arg-type]
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def complaints(problem: ProsqaProblem) -> list[str]:
    """What is unsound about the problem, a sentence each."""
    return violations(problem.to_json(), min_hops=1)


def drawable(problem: ProsqaProblem) -> ProsqaProblem:
    """The problem itself if its graph can be laid out and its question read; `InputError` otherwise."""
    if len(problem.names) > MOST_NODES:
        raise InputError(
            f"The graph has {len(problem.names)} nodes; the page draws at most {MOST_NODES}, so ask of fewer."
        )
    if problem.target == problem.distractor:
        raise InputError("Target and distractor are the same node: offer a choice between two.")
    _ = problem.facts  # every name of the text is a node
    if len(set(problem.choices)) < 2:
        raise InputError("The question offers no choice between two nodes: correct its last sentence.")
    return problem
