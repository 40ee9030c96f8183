"""The official implementation on request: `PYTHON benchmarks/official_side.py CHECKOUT FOLDER EXAMPLES`.

Runs in the environment that the official code needs and reads its `coconut.py` from the checkout that the user gives.
Of this project only the loop is imported. The official code has no values: they are read off its forward pass,
one problem and one number of thoughts at a time, as its evaluation reads answers.
"""

import json
import sys
from pathlib import Path

import torch
from serve import serve
from transformers import AutoModelForCausalLM

THOUGHTS = 6
LONGEST_ANSWER = 16


def main(checkout: str, folder: str, examples: str) -> None:
    """Serve the three works with the model in `folder` and the token ids in `examples`."""
    sys.path.insert(0, checkout)
    from coconut import Coconut

    torch.set_num_threads(1)
    lm = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32, trust_remote_code=False)
    given = json.loads(Path(examples).read_text())
    problems, thought, end, padding = given["problems"], given["thought"], given["end"], given["padding"]
    model = Coconut(lm, thought, given["begin"], end, given["end_of_text"])
    model.eval()

    def train(count: int, batch: int):
        rows = problems[:batch]
        width = max(len(row["question"]) for row in rows)
        ids, labels, mask, position = [], [], [], []
        tail = max(len(row["answer"]) for row in rows)
        for row in rows:
            before, after = width - len(row["question"]), tail - len(row["answer"])
            text = [*row["question"], *[thought] * THOUGHTS, end]
            ids.append([padding] * before + text + row["answer"] + [padding] * after)
            labels.append([-100] * (before + len(text)) + row["answer"] + [-100] * after)
            mask.append([0] * before + [1] * (len(text) + len(row["answer"])) + [0] * after)
            position.append([0] * before + list(range(len(text) + len(row["answer"]))) + [0] * after)
        batch_of = {"input_ids": ids, "labels": labels, "attention_mask": mask, "position_ids": position}
        tensors = {name: torch.tensor(value) for name, value in batch_of.items()}

        def step():
            model.zero_grad(set_to_none=True)
            loss = model(**tensors).loss
            loss.backward()
            return [loss.item(), float(lm.get_input_embeddings().weight.grad.norm())]

        return step

    @torch.no_grad()
    def generate(count: int) -> list[list[int]]:
        written = []
        for row in problems[:count]:
            ids = torch.tensor([[*row["question"], *[thought] * THOUGHTS, end]])
            written.append(
                model.generate(ids, torch.ones_like(ids), max_new_tokens=LONGEST_ANSWER)[0, ids.shape[1] :].tolist()
            )
        return written

    @torch.no_grad()
    def values(count: int) -> list[float]:
        found = []
        for row in problems[:count]:
            for k in range(THOUGHTS + 1):
                ids = torch.tensor([[*row["question"], *[thought] * k, end, *row["opening"]]])
                position = torch.arange(ids.shape[1])[None]
                logits = model(ids, torch.ones_like(ids), ids, position).logits[0, -1]
                found += logits.double().softmax(-1)[row["names"]].tolist()
        return found

    serve(
        {
            "train": train,
            "answers": lambda count, batch: lambda: generate(count),
            "values": lambda count, batch: lambda: values(count),
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
