"""`coconut plan`: what a run will cost, before it runs.

coconut plan configs/prosqa_small.yaml
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from coconut_core.model import CoconutModel
    from coconut_core.problems.problem import Problem

app = typer.Typer()

READ = 4
"""Problems that answers and values are timed on."""
WORDS = 8
"""Tokens of these answers at most: a model that has learned nothing ends none."""


@app.command()
def plan(
    config: Annotated[Path, typer.Argument(help="YAML file of a run.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a field, e.g. lr=1e-3.")
    ] = None,
) -> None:
    """Print memory and time of a run, and of answers and values of its model, from a few steps on this machine.

    One process is measured. Nothing is written; weights are those that the run would start from.
    """
    from coconut_core.training.batches import validation_problems
    from coconut_core.training.config_files import load_config
    from coconut_core.training.plan import plan as planned

    run = load_config(config, set_ or [])
    cost, model = planned(run)
    some = "" if cost.trained == cost.parameters else f", of which {cost.trained:,} are trained"
    print(f"model     {cost.parameters:,} parameters{some}")
    print(f"step      {cost.samples_per_step} samples in {cost.columns:,} columns of tokens and thoughts")
    print(f"          {cost.operations / 1e12:.3g} TFLOP, by the formula of coconut_core/training/plan.py")
    print(f"memory    {_bytes(cost.state)} weights, and gradients and moments of what is trained")
    print(f"          {_bytes(cost.kept)} kept for the gradients of a part of a step")
    print(f"training  {cost.seconds:.3g} s a step here, {cost.rate / 1e9:.3g} GFLOP a second")
    print(f"          {cost.steps:,} steps: {cost.hours:.3g} hours in one process")
    problems = validation_problems(run)[:READ]
    if problems:
        thoughts = run.curriculum_of_epoch(run.epochs).max_thoughts
        for line in _reading(model.eval(), problems, thoughts):
            print(line)


def _reading(model: "CoconutModel", problems: "tuple[Problem, ...]", thoughts: int) -> list[str]:
    from analyses.readings.values import node_values
    from coconut_core.errors import InputError
    from coconut_core.generation import answers

    ks = range(thoughts + 1)
    start = time.perf_counter()
    answers(model, problems, ks=ks, max_new_tokens=WORDS)
    seconds = (time.perf_counter() - start) / len(problems)
    lines = [f"answers   {seconds:.3g} s a problem, after 0 to {thoughts} thoughts, of at most {WORDS} tokens"]
    start = time.perf_counter()
    try:
        node_values(model, problems, ks=ks)
    except InputError:  # questions without graphs have no values
        return lines
    seconds = (time.perf_counter() - start) / len(problems)
    return [*lines, f"values    {seconds:.3g} s a problem, of all names after 0 to {thoughts} thoughts"]


def _bytes(size: int) -> str:
    return f"{size / 2**30:.3g} GiB" if size >= 2**30 else f"{size / 2**20:.3g} MiB"
