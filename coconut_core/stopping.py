"""When to stop thinking: a fixed number of thoughts, or a classifier that reads each thought (paper section 3).

The paper names both ways, finds that they work comparably well and uses the fixed number. The classifier here is
linear, on the thought as it is; it is fitted once the model is trained and leaves the model as it was, so that both
ways can be compared on the same weights.

A thought is one to stop after where the answer is right and stays right: read at this thought and at every later one.
Where the last answer is wrong there is no such thought, and nothing is gained by stopping early: the right place is the
last thought. Thinking stops after the first thought whose score, the log odds that it is one to stop after, is above a
threshold, and after the last in any case.

The threshold is chosen on problems that the classifier was not fitted on. A right answer is *lost* where all thoughts
lead to it and stopping does not; accuracy falls by no more than the share that is lost. From the highest threshold
down, one is accepted while a binomial test rejects, at 95% confidence, that more than a stated share of all answers is
lost, and the last accepted one is kept ("Learn then test", arXiv 2110.01052, with a fixed sequence of hypotheses). So
with 95% confidence over the choice of these problems, fewer are lost of all problems drawn alike. Nothing is said of
problems from elsewhere.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.distributions import Binomial

from coconut_core.encoding import batches
from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from coconut_core.generation import answers_from
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.thoughts import think_about

FILE = "stop_classifier.safetensors"
CONFIDENCE = 0.95
"""That no more answers are lost than was stated."""
_RECORD = "stopping"
"""The entry of the file's metadata, as JSON."""
_PENALTY = 1e-2
"""On the squared weights, for thoughts scaled to unit variance."""
_THRESHOLDS = 1000
"""Thresholds that are tried: quantiles of the scores of the problems that the classifier was fitted on."""


@dataclass(frozen=True)
class StopClassifier:
    """Stops after a thought whose score, `thought . weight + bias`, is above the threshold."""

    weight: Float[Tensor, "d_model"]
    bias: Float[Tensor, ""]
    threshold: Float[Tensor, ""] = field(default_factory=lambda: torch.zeros(()))
    """Log odds; infinite where no thought but the last is one to stop after. Files of earlier versions have none: 0."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """How the threshold was chosen and what it reached there (`choose_threshold`); empty for earlier versions."""

    def scores(self, states: Float[Tensor, "batch thought d_model"]) -> Float[Tensor, "batch thought"]:
        """Log odds that each thought, taken by itself, is one to stop after."""
        return states @ self.weight.to(states) + self.bias.to(states)

    def thoughts(self, states: Float[Tensor, "batch thought d_model"]) -> Int[Tensor, "batch"]:
        """Thoughts after which thinking stops: the first to stop after, or all of them."""
        return stopped_after(self.scores(states), self.threshold)

    def save(self, folder: Path) -> None:
        tensors = {"weight": self.weight, "bias": self.bias, "threshold": self.threshold}
        write_atomically(folder / FILE, save(tensors, {_RECORD: json.dumps(dict(self.record))}))

    @classmethod
    def load(cls, folder: Path, width: int) -> "StopClassifier | None":
        """The classifier in a model's folder, or None; `width` is the number of components of the model's thoughts."""
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            with safe_open(path, "pt") as file:
                record = json.loads((file.metadata() or {}).get(_RECORD, "{}"))
                found = cls(**{name: file.get_tensor(name) for name in file.keys()}, record=record)
        except (SafetensorError, OSError, TypeError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: cannot be read as a stop classifier; copy the file again.") from error
        if found.weight.shape != (width,) or found.bias.shape != () or found.threshold.shape != ():
            raise InputError(
                f"{path}: is not of thoughts of {width} numbers; copy the whole folder of the model again."
            )
        if not isinstance(record, dict):
            raise InputError(f"{path}: field '{_RECORD}' holds no fields; copy the file again.")
        return found


def stopped_after(
    scores: Float[Tensor, "problem thought"], threshold: float | Float[Tensor, ""]
) -> Int[Tensor, "problem"]:
    """Thoughts after which thinking stops: the first whose score is above the threshold, or all of them."""
    stops = scores > threshold
    stops[:, -1] = True
    return stops.int().argmax(1) + 1


def stop_targets(correct: Bool[Tensor, "problem thought"]) -> Bool[Tensor, "problem thought"]:
    """Whether each thought is one to stop after, from whether the answer read at it is right.

    True where this answer and all later ones are right; for a problem whose last answer is wrong, at the last thought.
    """
    targets = correct.flip(1).int().cummin(1).values.flip(1).bool()
    targets[:, -1] = True
    return targets


@dataclass(frozen=True)
class ReadThoughts:
    """Thoughts on problems, and whether the answer read at each of them is right."""

    states: Float[Tensor, "problem thought d_model"]
    correct: Bool[Tensor, "problem thought"]


@torch.inference_mode()
def read_thoughts(
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    *,
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
) -> ReadThoughts:
    """The first `count` thoughts on every problem and the answers after each, from one encoding of each question.

    `progress` is called after each batch with how many problems are done.
    """
    states = torch.zeros(len(problems), count, model.lm.config.hidden_size)
    correct = torch.zeros(len(problems), count, dtype=torch.bool)
    for indices in batches(problems, batch_size, progress):
        batch = think_about(model, [problems[index] for index in indices], count)
        states[indices] = batch.thoughts.states.float().cpu()
        correct[indices] = torch.tensor(answers_from(model, batch, range(1, count + 1)).correct)
    return ReadThoughts(states, correct)


def fit_stop_classifier(read: ReadThoughts) -> StopClassifier:
    """Logistic regression on the thoughts but for the last, which decides nothing, by L-BFGS with a small penalty."""
    states = read.states[:, :-1].clone()  # made in inference mode, which autograd refuses
    wanted = stop_targets(read.correct)[:, :-1].to(states)
    # Thoughts are far longer than embeddings; on a common scale the penalty means the same for every model.
    mean, spread = states.mean((0, 1)), states.std((0, 1), correction=0) + 1e-6
    scaled = (states - mean) / spread
    parameters = torch.zeros(states.shape[-1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = scaled @ parameters[:-1] + parameters[-1]
        value = F.binary_cross_entropy_with_logits(logits, wanted) + _PENALTY * parameters[:-1].square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    found = parameters.detach()
    weight = found[:-1] / spread
    return StopClassifier(weight, found[-1] - weight @ mean)


def choose_threshold(
    classifier: StopClassifier, fitted: ReadThoughts, fresh: ReadThoughts, loss: float
) -> StopClassifier:
    """The classifier with the threshold that loses at most the share `loss`, in (0, 1), of all answers.

    `fitted` are the problems that it was fitted on, which say which thresholds are tried; `fresh` are others, drawn
    alike, on which they are tried. The threshold is infinite where stopping early would lose more, or where these
    problems are too few to tell.
    """
    tried = torch.quantile(classifier.scores(fitted.states)[:, :-1], torch.linspace(0, 1, _THRESHOLDS))
    scores, last = classifier.scores(fresh.states), fresh.correct[:, -1]
    allowed, threshold = _most_allowed(len(scores), loss), math.inf
    for value in tried.unique().flip(0).tolist():
        if (last & ~_answered(fresh, stopped_after(scores, value))).sum() > allowed:
            break
        threshold = value
    chosen = replace(classifier, threshold=torch.tensor(threshold))
    return replace(chosen, record={"loss": loss, "confidence": CONFIDENCE, **measure_stopping(chosen, fresh)})


def measure_stopping(classifier: StopClassifier, read: ReadThoughts) -> dict[str, float]:
    """Of n problems: shares answered right where thinking stops and after all thoughts, share of answers lost, and the
    mean number of thoughts."""
    thoughts = classifier.thoughts(read.states)
    right, last = _answered(read, thoughts), read.correct[:, -1]
    shares = {"accuracy": right, "accuracy_of_all_thoughts": last, "lost": last & ~right, "mean_thoughts": thoughts}
    return {"n": len(right), **{name: round(each.double().mean().item(), 6) for name, each in shares.items()}}


def _answered(read: ReadThoughts, thoughts: Int[Tensor, "problem"]) -> Bool[Tensor, "problem"]:
    return read.correct.gather(1, thoughts[:, None] - 1)[:, 0]


def _most_allowed(n: int, loss: float) -> int:
    """The most of `n` answers that may be lost where a share above `loss` is to be rejected; -1 if none may."""
    counts = torch.arange(n + 1, dtype=torch.float64)
    at_most = Binomial(n, probs=torch.tensor(loss, dtype=torch.float64)).log_prob(counts).exp().cumsum(0)
    return int((at_most <= 1 - CONFIDENCE).sum()) - 1
