"""The six classes on hand-made chains, whole ones and ones whose beginning was thought."""

import pytest

from analyses.readings.reasoning_process import PROCESSES, ReasoningProcesses, reasoning_process
from coconut_core.generation import answers
from coconut_core.problems.prosqa.problem import ProsqaProblem

# Tom -> rompus -> wumpus is the shortest path, Tom -> lempus -> yumpus -> wumpus a longer one.
PROBLEM = ProsqaProblem.from_text(
    "Tom is a rompus. Tom is a lempus. Every rompus is a wumpus. Every lempus is a yumpus. "
    "Every yumpus is a wumpus. Every lempus is a zumpus. Bob is a numpus. Every numpus is a gorpus. "
    "Is Tom a gorpus or wumpus?"
)
RIGHT, WRONG = "### Tom is a wumpus.", "### Tom is a gorpus."


@pytest.mark.parametrize(
    ("k", "text", "process"),
    [
        (0, f"Tom is a rompus. Every rompus is a wumpus. {RIGHT}", "correct path"),
        (0, f"Tom is a lempus. Every lempus is a yumpus. Every yumpus is a wumpus. {RIGHT}", "longer path"),
        # An edge that does not exist, then two edges that do not meet.
        (0, f"Tom is a lempus. Every lempus is a wumpus. {RIGHT}", "hallucination"),
        (0, f"Tom is a lempus. Every rompus is a wumpus. {RIGHT}", "hallucination"),
        # Real edges, but without a thought the chain must begin at the root.
        (0, f"Every rompus is a wumpus. {RIGHT}", "hallucination"),
        (0, f"Tom is a lempus. Every lempus is a zumpus. {WRONG}", "wrong target"),
        (0, f"Tom is a lempus. {RIGHT}", "wrong target"),
        (0, RIGHT, "correct label"),
        (0, WRONG, "incorrect label"),
        (6, RIGHT, "correct label"),
        (6, WRONG, "incorrect label"),
        (6, "", "incorrect label"),
        # Partial chains: the beginning was thought.
        (1, f"Every rompus is a wumpus. {RIGHT}", "correct path"),
        (1, f"Every yumpus is a wumpus. {RIGHT}", "longer path"),
        (2, f"Every lempus is a yumpus. Every yumpus is a wumpus. {RIGHT}", "longer path"),
        (1, f"Every lempus is a zumpus. {WRONG}", "wrong target"),
        # Nothing leads from the root to numpus.
        (1, f"Every numpus is a gorpus. {WRONG}", "hallucination"),
        (1, f"Every lempus is a rompus. Every rompus is a wumpus. {RIGHT}", "hallucination"),
        # A whole chain after thoughts is a chain as any.
        (2, f"Tom is a rompus. Every rompus is a wumpus. {RIGHT}", "correct path"),
        # The chain decides, not what is written behind it; a text without an answer is its chain.
        (0, f"Tom is a rompus. Every rompus is a wumpus. {WRONG}", "correct path"),
        (0, "Tom is a rompus. Every rompus is a", "hallucination"),
        (0, "Tom is a rompus. Every rompus is a wumpus.", "correct path"),
        (1, f"Every everest is a wumpus. {RIGHT}", "hallucination"),
        (0, f"rompus rompus. {RIGHT}", "hallucination"),
    ],
)
def test_class_of_a_text(k, text, process):
    assert reasoning_process(PROBLEM, text, k) == process


def test_classes_of_a_model_add_up(tiny_llama, problems):
    told = answers(tiny_llama, problems, ks=(0, 2), max_new_tokens=8)
    table = ReasoningProcesses.of(problems, told).summary()
    assert list(table["process"].unique()) == list(PROCESSES)
    assert (table.groupby("k")["count"].sum() == len(problems)).all()
    assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()
