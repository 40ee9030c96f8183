"""What a user of this project runs, on request: `python -m benchmarks.our_side FOLDER PROBLEMS`."""

import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from analyses.readings.values import node_values, usual_opening
from benchmarks.contests import LONGEST_ANSWER, THOUGHTS, train_on
from benchmarks.floors import answers_floor, training_floor, values_floor
from benchmarks.serve import serve
from coconut_core.encoding import Encoder
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from coconut_core.problems.registry import load_problems, task_of


def main(folder: str, data: str) -> None:
    """Serve the three works, and the floor of each, with the model in `folder` and the problems in `data`."""
    torch.set_num_threads(1)
    lm = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, trust_remote_code=False).eval()
    model = CoconutModel(lm, AutoTokenizer.from_pretrained(folder, trust_remote_code=False))
    problems = load_problems(data)
    task = task_of(problems)
    # The official side forces the same words after every number of thoughts: those that open a step after thoughts.
    opening = task.opening_at(1, usual_opening(task, None))

    def train(count: int, batch: int):
        encoded = Encoder(model.tokenizer).problems(problems[:batch])

        def step() -> list[float]:
            model.zero_grad(set_to_none=True)
            loss, _ = train_on(model, encoded, [THOUGHTS + 1])
            return [loss, float(model.lm.get_input_embeddings().weight.grad.norm())]

        return step

    def answer(count: int, batch: int):
        return lambda: [
            row[0]
            for row in answers(
                model, problems[:count], ks=(THOUGHTS,), batch_size=batch, max_new_tokens=LONGEST_ANSWER
            ).text
        ]

    def value(count: int, batch: int):
        def measure() -> list[float]:
            measured = node_values(model, problems[:count], opening=opening, batch_size=batch)
            return [
                float(each)
                for problem, of_k in zip(measured.problems, measured.value, strict=True)
                for each in of_k[:, : len(problem.names)].ravel()
            ]

        return measure

    floors = {
        "train floor": lambda count, batch: training_floor(model, problems[:batch]),
        "answers floor": lambda count, batch: answers_floor(model, problems[:count], batch),
        "values floor": lambda count, batch: values_floor(model, problems[:count], batch),
    }
    serve({"train": train, "answers": answer, "values": value, **floors})


if __name__ == "__main__":
    main(*sys.argv[1:])
