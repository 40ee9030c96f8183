"""GSM8k as a task: questions in words, steps that are equations such as <<16-3-4=9>>, answers that are numbers."""

from collections.abc import Mapping

from coconut_core.problems.gsm8k.arithmetic import OPENING, read_number, written
from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.gsm8k.validation import violations
from coconut_core.problems.task import ANSWER_MARK, Task


class Gsm8k(Task):
    """The paper's task of arithmetic."""

    name = "gsm8k"
    title = "GSM8k"
    problem = Gsm8kProblem

    def holds(self, record: Mapping) -> bool:
        """Whether most of the steps are equations."""
        steps = record.get("steps")
        if not isinstance(steps, list | tuple) or not steps:
            return False
        return 2 * sum(isinstance(step, str) and step.startswith(OPENING) for step in steps) > len(steps)

    def read(self, record: object) -> Gsm8kProblem:
        return Gsm8kProblem.from_json(record)

    def final_answer(self, text: str) -> str:
        """The number behind the last "###", in the one form of all its spellings; other text as it stands."""
        said = text.split(ANSWER_MARK)[-1].strip()
        number = read_number(said)
        return said if number is None else written(number)

    def violations(self, record: object, *, min_steps: int = 1) -> list[str]:
        """As `validation` says; problems of one step are sound, whatever `min_steps`, as official ones are."""
        return violations(record)


GSM8K = Gsm8k()
