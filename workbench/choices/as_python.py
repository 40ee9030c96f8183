"""What a page shows, as Python: a short script that gives the same numbers without the app.

The scripts use what the packages export and nothing of the app. Models and problems that come with the workbench are
named; others are given by their path, or whole.
"""

from collections.abc import Sequence
from pprint import pformat

from coconut_core.bundled import bundled_models, bundled_sets
from workbench.choices.edits import ThoughtEdit
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.selection import Selection

WIDTH = 100


def tree_script(
    chosen: Selection, thoughts: int, k: int, opening: str, edits: Sequence[ThoughtEdit] = (), text: str | None = None
) -> str:
    """Values of all nodes, p(target), p(distractor) and the answer of one problem after k of `thoughts` thoughts.

    `text` is the question if it was edited.
    """
    asked = f"TASKS[{chosen.task.name!r}].from_text({_literal(text)})" if text else _problem(chosen)
    given = ", edits=edits" if edits else ""
    return _script(
        ["from analyses.readings.problem_readings import problem_readings"],
        f"model = load_model({_model(chosen.model)}).model",
        f"problem = {asked}",
        *_edits(chosen, thoughts, edits),
        f"read = problem_readings(model, problem, range({thoughts + 1}){given})",
        "",
        f"k = {k}",
        f"at = read.at(k, {opening!r})",
        "values = dict(zip(problem.names, at.value.tolist()))  # raw p(name) after k thoughts",
        "candidates, other_nodes, other_words = at.candidate_mass, at.other_mass, at.off_graph",
        "offered = read.offered[k].tolist()  # p(target), and p(distractor) where there is one",
        "answer = read.answers.text[0][k]",
    )


def thoughts_script(chosen: Selection, thoughts: int) -> str:
    """The words in each thought, layer by layer."""
    return _script(
        ["from analyses.figures.one_problem.lens import lens"],
        f"model = load_model({_model(chosen.model)}).model",
        f"problem = {_problem(chosen)}",
        f"table = lens(model, problem, {thoughts}).frame()  # the first words by layer and thought",
    )


def population_script(
    folders: Sequence[ModelFolder], problem_set: str, numbers: Sequence[int], figure: str, with_untrained: bool = True
) -> str:
    """One figure of the report, for the models in `folders` on the problems of these numbers."""
    first, last = numbers[0], numbers[-1]
    whole = list(numbers) == list(range(first, last + 1))
    picked = f"problems[{first}:{last + 1}]" if whole else f"[problems[number] for number in {list(numbers)}]"
    models = ", ".join(f"({folder.name!r}, load_model({_model(folder)}))" for folder in folders)
    return _script(
        ["from analyses.figures.registry import FIGURES", "from analyses.readings.study import Study"],
        f"problems = {_set(problem_set)}",
        f"study = Study([{models}], {picked}{'' if with_untrained else ', with_untrained=False'})",
        f"result = next(figure for figure in FIGURES if figure.name == {figure!r}).compute(study)",
        "table, figure = result.frame(), result.figure()",
    )


def _script(imports: Sequence[str], *lines: str) -> str:
    body = "\n".join(lines)
    names = [name for name in ("TASKS", "Edit", "load_model", "load_problems", "thought_states") if name in body]
    first = [f"from coconut_core import {', '.join(names)}"]
    return "\n".join([*imports, *first, "", body])


def _model(folder: ModelFolder) -> str:
    return repr(folder.name if bundled_models().get(folder.name) == folder.path else str(folder.path))


def _set(name: str) -> str:
    path = bundled_sets()[name]
    return f"load_problems({name if path.stem == name else str(path)!r})"


def _problem(chosen: Selection) -> str:
    name, _, number = chosen.label.rpartition(" ")
    if name in bundled_sets() and number.isdecimal():
        return f"{_set(name)}[{number}]"
    return f"TASKS[{chosen.task.name!r}].read_unsound({_literal(chosen.problem.to_json())})"


def _edits(chosen: Selection, thoughts: int, edits: Sequence[ThoughtEdit]) -> list[str]:
    lines = []
    for edit in edits:
        if edit.kind == "swap":  # the thought of another problem is given as a vector
            lines += [
                f"task = TASKS[{chosen.task.name!r}]",
                f"donor = task.sample(task.example_settings, 1, {edit.donor})[0]",
                f"fed = model.slot_content(thought_states(model, [donor], {thoughts}))",
                f"fed = fed[0, {edit.position - 1}].detach().double().cpu().numpy()",
                f'edits.append(Edit("fed", "given", thoughts=({edit.position},), given=fed))',
            ]
        else:
            lines.append(f'edits.append(Edit("fed", {edit.kind!r}, thoughts=({edit.position},)))')
    return ["edits = []", *lines] if lines else []


def _literal(value: object) -> str:
    return pformat(value, width=WIDTH, sort_dicts=False, compact=True)
