"""Every figure and table that can be made of a study, in the order of the report."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from analyses.figures.attention import attention
from analyses.figures.calibration import calibration
from analyses.figures.causal.components import components
from analyses.figures.causal.counterfactual_facts import counterfactual_facts
from analyses.figures.causal.interchange import interchange
from analyses.figures.causal.read_and_rewrite import read_and_rewrite
from analyses.figures.causal.twins import twins
from analyses.figures.early_stopping import early_stopping
from analyses.figures.experiments.first_thought import first_thought
from analyses.figures.experiments.question_alone import question_alone
from analyses.figures.graph_statistics import graph_statistics
from analyses.figures.height import height
from analyses.figures.hops_by_thoughts import hops_by_thoughts
from analyses.figures.interventions import interventions
from analyses.figures.method_table import table_1
from analyses.figures.one_problem.case_study import case_study
from analyses.figures.one_problem.search_tree import search_tree
from analyses.figures.parallelism import parallelism
from analyses.figures.process_by_k import process_by_k
from analyses.figures.representation.features import features
from analyses.figures.representation.lenses import lenses
from analyses.figures.representation.probes import probes
from analyses.figures.result_decoding import result_decoding
from analyses.figures.search.commitment import commitment
from analyses.figures.search.roll_outs import drawn_texts
from analyses.figures.search.search_order import search_order
from analyses.figures.search.superposition import superposition
from analyses.figures.search.turns import turns
from analyses.figures.stopping import stopping
from analyses.figures.thought_decoding import thought_decoding
from analyses.figures.thoughts_per_step import thoughts_per_step
from analyses.figures.wall_clock import table_4
from analyses.readings.study import Study

OF_ONE = ("answers", "last answers", "values")
"""Readings of a figure of one problem, which answers choose."""


@dataclass(frozen=True)
class Figure:
    """One result of the report."""

    name: str
    """Its name in `--only`, and that of its files."""
    title: str
    compute: Callable[[Study], Any]
    graphs: bool = True
    """Whether it needs problems with graphs."""
    readings: tuple[str, ...] = ()
    """What it asks a study for, of some of the subjects or of all: names of `READINGS`. What it reads besides is its
    own."""

    @property
    def module(self) -> str:
        """Name of the module that computes it."""
        return (self.compute.func if isinstance(self.compute, partial) else self.compute).__module__

    @property
    def definition(self) -> str:
        """How it is computed: the docstring of that module."""
        return inspect.cleandoc(sys.modules[self.module].__doc__ or "")


FIGURES = (
    Figure("table_1", "Table 1: accuracy of every method", table_1, graphs=False),
    Figure("table_2", "Table 2: the graphs", graph_statistics),
    Figure("table_4", "Table 4: what an answer costs", table_4, graphs=False),
    Figure("figure_3", "Figure 3: thoughts per step", thoughts_per_step, graphs=False, readings=("last answers",)),
    Figure(
        "figure_4",
        "Figure 4: thoughts read as words",
        thought_decoding,
        readings=("answers", "last answers", "thoughts"),
    ),
    Figure("figure_4_numbers", "Figure 4: thoughts read as numbers", result_decoding),
    Figure("figure_5", "Figure 5: accuracy and reasoning process", process_by_k, readings=("answers",)),
    Figure("figure_6", "Figure 6: a case in all methods' words", case_study, readings=OF_ONE),
    *(
        Figure(f"figure_7_k{k}", f"Figure 7: the search tree, k = {k}", partial(search_tree, k=k), readings=OF_ONE)
        for k in range(7)
    ),
    Figure("figure_8", "Figure 8: parallelism", parallelism, readings=("values",)),
    Figure("figure_9", "Figure 9: value against height", height, readings=("values",)),
    Figure("superposition", "Superposition", superposition, readings=("thoughts",)),
    Figure("attention", "Where thoughts look", attention, readings=("thoughts",)),
    Figure("commitment", "Diversity or commitment", commitment, readings=("values",)),
    Figure("search_order", "Agreement with a search", search_order, readings=("values",)),
    Figure("turns", "Turning back", turns, readings=("values",)),
    Figure("roll_outs", "Texts drawn", drawn_texts),
    Figure("hops_by_thoughts", "Steps and thoughts", hops_by_thoughts, readings=("all answers",)),
    Figure("early_stopping", "Early stopping", early_stopping, readings=("all answers",)),
    Figure(
        "stopping",
        "What stopping early costs",
        stopping,
        graphs=False,
        readings=("all answers", "all thoughts"),
    ),
    Figure("lenses", "Thoughts through lenses", lenses, readings=("all thoughts",)),
    Figure("probes", "What a probe reads", probes, readings=("all thoughts",)),
    Figure("features", "What thoughts are made of", features, readings=("all thoughts",)),
    Figure("interventions", "Thoughts changed", interventions),
    Figure("interchange", "A donor's part of a thought", interchange),
    Figure("read_and_rewrite", "Read, replace, rewrite", read_and_rewrite, readings=("all thoughts",)),
    Figure("counterfactual_facts", "Facts exchanged", counterfactual_facts),
    Figure("components", "Heads and feed-forward blocks", components),
    Figure("twins", "Without shortcuts", twins),
    Figure("first_thought", "What the first thought is needed for", first_thought),
    Figure("question_alone", "What is known without a thought", question_alone),
    Figure("calibration", "Reliability of the value", calibration, readings=("values",)),
)
"""In the order of the report; a new figure is a line here."""
