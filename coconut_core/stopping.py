"""When to stop thinking: a fixed number of thoughts, or a classifier that reads each thought (paper section 3).

The paper names both ways, finds that they work comparably well and uses the fixed number. The classifier is linear, on
the thought as it is; it is fitted once the model is trained and leaves the model as it was, so that both ways can be
compared on the same weights. A thought is one to stop after when as many thoughts were thought as the problem's steps
take: one each, or c each in a model trained with c. Thinking stops after the first thought that the classifier says so
of, and after the last in any case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.thoughts import thought_states

FILE = "stop_classifier.safetensors"


@dataclass(frozen=True)
class StopClassifier:
    """Stops where `thought . weight + bias` is above zero."""

    weight: Float[Tensor, "d_model"]
    bias: Float[Tensor, ""]

    def stops(self, states: Float[Tensor, "batch thought d_model"]) -> Bool[Tensor, "batch thought"]:
        """Whether to stop after each thought, taken by itself."""
        return states @ self.weight.to(states) + self.bias.to(states) > 0

    def thoughts(self, states: Float[Tensor, "batch thought d_model"]) -> Int[Tensor, "batch"]:
        """Thoughts after which thinking stops: the first to stop after, or all of them."""
        stops = self.stops(states)
        stops[:, -1] = True
        return stops.int().argmax(1) + 1

    def save(self, folder: Path) -> None:
        write_atomically(folder / FILE, save({"weight": self.weight, "bias": self.bias}))

    @classmethod
    def load(cls, folder: Path, width: int) -> "StopClassifier | None":
        """The classifier in a model's folder, or None; `width` is the number of components of the model's thoughts."""
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            found = cls(**load_file(path))
        except (SafetensorError, OSError, TypeError) as error:
            raise InputError(f"{path}: cannot be read as a stop classifier; copy the file again.") from error
        if found.weight.shape != (width,) or found.bias.shape != ():
            raise InputError(
                f"{path}: is not of thoughts of {width} numbers; copy the whole folder of the model again."
            )
        return found


def stop_targets(
    problems: Sequence[Problem], count: int, thoughts_per_step: int = 1
) -> Bool[Tensor, "problem thought"]:
    """Whether thoughts 1 .. `count` are as many as each problem's steps take."""
    steps = torch.tensor([thoughts_per_step * len(problem.steps) for problem in problems])
    return torch.arange(1, count + 1) >= steps[:, None]


def fit_stop_classifier(
    model: CoconutModel, problems: Sequence[Problem], count: int, thoughts_per_step: int = 1
) -> StopClassifier:
    """Logistic regression on the thoughts of `problems`, by L-BFGS, with a small penalty on the weights."""
    states = thought_states(model, problems, count).clone()
    wanted = stop_targets(problems, count, thoughts_per_step).to(states)
    # Thoughts are far longer than embeddings; on a common scale the penalty means the same for every model.
    mean, spread = states.mean((0, 1)), states.std((0, 1)) + 1e-6
    scaled = (states - mean) / spread
    parameters = torch.zeros(states.shape[-1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = scaled @ parameters[:-1] + parameters[-1]
        value = F.binary_cross_entropy_with_logits(logits, wanted) + 1e-4 * parameters[:-1].square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    found = parameters.detach()
    weight = found[:-1] / spread
    return StopClassifier(weight, found[-1] - weight @ mean)


def measure_stopping(
    classifier: StopClassifier,
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    thoughts_per_step: int = 1,
) -> dict[str, float]:
    """On held-out problems: share of thoughts that it judges right, and the mean number of thoughts it allows."""
    states = thought_states(model, problems, count)
    right = classifier.stops(states) == stop_targets(problems, count, thoughts_per_step)
    return {
        "n": len(problems),
        "accuracy_of_thoughts": right.float().mean().item(),
        "mean_thoughts": classifier.thoughts(states).float().mean().item(),
    }
