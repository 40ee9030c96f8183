"""Is a GSM8k problem sound? Every equation is recomputed, and the last one must give the answer.

Whether a question in anybody's words asks for what the steps compute cannot be proved, so a sound official item is one
whose steps and answer agree. Of the official items, some end in another number than their answer, because a step of the
solution in words was never written as an equation: they are listed, and nothing is put right.

A question of the arithmetic world (`world.py`) is read and recomputed, so there question, steps and answer must agree.
"""

from coconut_core.errors import InputError
from coconut_core.problems.gsm8k.arithmetic import Equation, read_number, written
from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.gsm8k.world import is_told, read_world
from coconut_core.problems.records import quotable, shown


def violations(record: object) -> list[str]:
    """Every reason why one raw record (whatever it is) is not sound, a sentence each; [] if it is sound.

    The invariants: the fields are there and of their types; there is a step; every step can be read, and its result is
    what its expression is, to the decimals that are written; the answer is one number, and the last step's result. Of
    the arithmetic world also: the question's sentences can all be computed; the steps are the equations that the answer
    needs, each once, none before its operands; the answer is the number asked for.
    """
    try:
        problem = Gsm8kProblem.from_json(record)
    except InputError as error:
        return [str(error)]
    broken = [] if problem.steps else ["Field 'steps' is empty: give at least one equation."]
    for number, step in enumerate(problem.steps):
        try:
            equation = Equation.from_step(step)
        except InputError as error:
            broken.append(f"Step {number} {error}")
            continue
        if not equation.holds:
            value = written(equation.value)
            broken.append(f"Step {number} says {equation.text}, but {equation.expression} is {value}: correct it.")
    answer = read_number(problem.answer)
    if answer is None:
        broken.append(f"Field 'answer' holds {shown(problem.answer)}, which is not one number: give one.")
    elif problem.equations and problem.equations[-1].result != answer:
        end = problem.equations[-1].result_text
        broken.append(f"The steps end in {end}, not in the answer {problem.answer}: add the steps that are missing.")
    return broken + _world_violations(problem)


def _world_violations(problem: Gsm8kProblem) -> list[str]:
    """Do question, steps and answer agree, where the question is one of the arithmetic world?"""
    if not is_told(problem.question):
        return []
    try:
        world = read_world(problem.question)
    except InputError as error:
        return [str(error)]
    needed = world.needed(world.asked)
    equations = {owner: equation for owner in needed if (equation := world.equation(owner))}
    broken = [
        f"The steps lack {each}, which the answer needs: add it."
        for each in sorted({*equations.values()} - {*problem.steps})
    ]
    owner_of = {equation: owner for owner, equation in equations.items()}
    known = needed - equations.keys()
    for number, step in enumerate(problem.steps):
        owner = owner_of.get(step)
        if owner is None:
            broken.append(
                f"Step {number} {quotable(step)!r} is not what the answer needs of the question: leave it out."
            )
        elif owner in known:
            broken.append(f"Step {number} {step!r} computes once more what an earlier one did: leave it out.")
        elif not known.issuperset(world.fact_of[owner].persons):
            broken.append(f"Step {number} {step!r} comes before one that it needs: move it.")
        known = known | {owner}
    answer = world.number_of[world.asked]
    if read_number(problem.answer) != answer:
        broken.append(f"The question asks for {answer}, not for {quotable(problem.answer)}: correct the answer.")
    return broken
