"""What continuous thoughts mean: readings of models, figures of them, and reports.

    from coconut_core import load_model, load_problems
    from analyses import Study, node_values, parallelism

    loaded = load_model("prosqa_laptop")
    problems = load_problems("laptop")[:100]
    values = node_values(loaded.model, problems)                # every k and node, from one encoding of each question
    result = parallelism(Study([("laptop", loaded)], problems))  # .frame(), .figure(), .caption()

`FIGURES` (figures/registry.py) lists every figure by name. Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyses.figures.one_problem.search_tree import search_tree
    from analyses.figures.parallelism import parallelism
    from analyses.figures.registry import FIGURES
    from analyses.readings.accuracy import accuracy
    from analyses.readings.intervals import wilson
    from analyses.readings.problem_readings import problem_readings
    from analyses.readings.study import Study
    from analyses.readings.values import node_values
    from analyses.report.report import make_report
    from analyses.verdict.files import make_verdict

__all__ = [
    "FIGURES",
    "Study",
    "accuracy",
    "make_report",
    "make_verdict",
    "node_values",
    "parallelism",
    "problem_readings",
    "search_tree",
    "wilson",
]
_HOMES = {
    "FIGURES": "analyses.figures.registry",
    "Study": "analyses.readings.study",
    "accuracy": "analyses.readings.accuracy",
    "make_report": "analyses.report.report",
    "make_verdict": "analyses.verdict.files",
    "node_values": "analyses.readings.values",
    "parallelism": "analyses.figures.parallelism",
    "problem_readings": "analyses.readings.problem_readings",
    "search_tree": "analyses.figures.one_problem.search_tree",
    "wilson": "analyses.readings.intervals",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
