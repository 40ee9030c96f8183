"""Is a GSM8k problem sound? Every equation is recomputed, and the last one must give the answer.

Whether a question in anybody's words asks for what the steps compute cannot be proved, so a sound official item is one
whose steps and answer agree. Of the official items, some end in another number than their answer, because a step of the
solution in words was never written as an equation: they are listed, and nothing is put right.
"""

from coconut_core.errors import InputError
from coconut_core.problems.gsm8k.arithmetic import Equation, read_number, written
from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.records import shown


def violations(record: object) -> list[str]:
    """Every reason why one raw record (whatever it is) is not sound, a sentence each; [] if it is sound.

    The invariants: the fields are there and of their types; there is a step; every step can be read, and its result is
    what its expression is, to the decimals that are written; the answer is one number, and the last step's result.
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
    return broken
