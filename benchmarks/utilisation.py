"""`python -m benchmarks.utilisation`: how much of this machine's matrix rate a training step reaches.

A step is the loss, after six thoughts, of a batch of problems of the usual size at GPT-2 small's shape, with its
gradients. Its operations are counted (torch's flop counter: products alone), its time is measured, and their ratio is
held against the operations a second that one large matrix product reaches on the same device in the same numbers.
Before anything is timed the loss is asserted to be that of full passes, in float32 on that device. It takes a GPU where
there is one.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer
from jaxtyping import Float

from analyses.report.tables import csv
from benchmarks.bundled import MODEL
from benchmarks.contests import THOUGHTS, train_on, training_step
from benchmarks.official import gpt2_small
from benchmarks.ratios import matrix_rate, operations, timed
from coconut_core.checkpoints import load_model
from coconut_core.encoding import Encoder
from coconut_core.files import write_atomically
from coconut_core.model import CoconutModel
from coconut_core.problems.registry import DEFAULT, TASKS
from workbench.commands.shared import folder_path, run_alone


@dataclass(frozen=True)
class Utilisation:
    """What training steps of one batch size reach on one device."""

    device: str
    numbers: str
    """float32 or bfloat16 (autocast)."""
    compiled: bool
    batch: int
    tokens: int
    """Of a step: questions, thoughts and answers, padding left out."""
    operations: int
    """Of a step, forward and backward."""
    rate: float
    """Operations a second of a large matrix product."""
    seconds: Float[np.ndarray, "round"]

    def row(self) -> dict[str, object]:
        """Median and spread of tokens a second, and of the share of the matrix rate."""
        median = float(np.median(self.seconds))
        share = self.operations / self.seconds / self.rate
        return {
            **{name: value for name, value in asdict(self).items() if name != "seconds"},
            "rounds": len(self.seconds),
            "seconds": median,
            "tokens_a_second": self.tokens / median,
            "utilisation": self.operations / median / self.rate,
            "low": float(share.min()),
            "high": float(share.max()),
        }


def utilisation(
    model: CoconutModel, batch: int, *, bf16: bool = False, compiled: bool = False, rounds: int = 5
) -> Utilisation:
    """Time training steps of `model` where it lies; `AssertionError` where its loss is not that of full passes."""
    task = TASKS[DEFAULT]
    problems = task.sample(task.settings(), batch, 0)
    parity = training_step(model, problems[: min(batch, 4)])
    expected = parity.plain()
    if compiled:
        model.lm.base_model.compile(dynamic=True)
    assert parity.same(parity.ours(), expected), "the loss is not that of full passes"
    encoded, device = Encoder(model.tokenizer).problems(problems), model.device.type

    def step() -> None:
        train_on(model, encoded, [THOUGHTS + 1], bf16=bf16)
        model.zero_grad(set_to_none=True)

    counted = operations(step)
    for _ in range(3 if compiled else 1):
        step()
    return Utilisation(
        device=torch.cuda.get_device_name() if device == "cuda" else "one core",
        numbers="bfloat16" if bf16 else "float32",
        compiled=compiled,
        batch=batch,
        tokens=sum(len(p.question) + THOUGHTS + 1 + len(p.answer) for p in encoded),
        operations=counted,
        rate=matrix_rate(device, torch.bfloat16 if bf16 else torch.float32),
        seconds=np.array([timed(step, device) for _ in range(rounds)]),
    )


def main(
    batch: Annotated[list[int], typer.Option(help="Problems a step; may be repeated.")] = [1, 8],  # noqa: B006
    bf16: Annotated[bool, typer.Option(help="Also with bfloat16 autocast.")] = False,
    compiled: Annotated[bool, typer.Option("--compile", help="Also with the compiled forward pass.")] = False,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    model: Annotated[Path, typer.Option(help="Folder of a model whose tokenizer is used.")] = MODEL,
    out: Annotated[Path, typer.Option(help="Folder for utilisation.csv.")] = Path("artifacts/benchmarks"),
) -> None:
    """Tokens a second and the share of the machine's matrix rate of training steps at GPT-2 small's shape."""
    out = folder_path(out)
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    like, rows = load_model(model).model, []
    for size in batch:
        for low in (False, True) if bf16 else (False,):
            for faster in (False, True) if compiled else (False,):
                shape = gpt2_small(like).to(device)
                row = utilisation(shape, size, bf16=low, compiled=faster, rounds=rounds).row()
                rows.append(row)
                print(
                    f"{row['device']}, batch {size}, {row['numbers']}{', compiled' if faster else ''}: "
                    f"{row['tokens_a_second']:,.0f} tokens a second, {row['utilisation']:.0%} "
                    f"({row['low']:.0%} to {row['high']:.0%}) of {row['rate'] / 1e12:.3g} TFLOP/s",
                    flush=True,
                )
    write_atomically(out / "utilisation.csv", csv(pd.DataFrame(rows), float_format="%.4g"))


if __name__ == "__main__":
    run_alone(main)
