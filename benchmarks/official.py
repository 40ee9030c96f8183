"""Ratios to the official implementation, from a checkout and an environment that the user gives.

Both sides run in processes of their own, on the same weights and problems, one core each, asked in turn. Before
anything is timed they have to agree. Memory is measured in processes that have done nothing else, since what one work
leaves behind hides what another needs.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from transformers import GPT2Config, GPT2LMHeadModel

from analyses.readings.values import usual_opening
from benchmarks.ratios import Ratio
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import save_problems, task_of

HERE = Path(__file__).parent
TURN_SECONDS = 1.0
"""How long a side works before it is the other's turn."""
STARTS = 5
"""Processes of which the median memory is taken: where the system puts a few MiB differs from start to start."""
_CAPTURED = {"capture_output": True, "text": True}


@dataclass(frozen=True)
class Work:
    """A work at one size, and the ratios to reach."""

    name: str
    work: str
    count: int
    batch: int
    """Problems that we compute together; the official code takes batches in training only."""
    target: float | None
    memory: float | None = None


def works(count: int, batches: Sequence[int]) -> list[Work]:
    """The works of one shape, with `count` problems where no batch is trained on."""
    return [
        *(Work("a training step with 6 thoughts", "train", 0, batch, 3.0, 0.6) for batch in batches),
        *(Work("answers after 6 thoughts", "answers", count, batch, 20.0) for batch in batches[-1:]),
        *(Work("values for k = 0..6", "values", count, batch, 50.0) for batch in batches[-1:]),
    ]


def gpt2_small(like: CoconutModel) -> CoconutModel:
    """GPT-2 small's shape with random weights and the tokenizer of `like`; most of its vocabulary has no words."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = GPT2Config(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, eos_token_id=like.tokens.end_of_text)
        return CoconutModel(GPT2LMHeadModel(config).eval(), like.tokenizer)


def check_official(checkout: Path, python: Path) -> None:
    """`InputError` where the checkout or its environment cannot be used."""
    if not (checkout / "coconut.py").is_file():
        raise InputError(f"--official: {checkout} holds no coconut.py; give a checkout of the official code.")
    try:
        found = subprocess.run([python, "-c", "import torch, transformers as t; print(t.__version__)"], **_CAPTURED)
    except OSError as error:
        raise InputError(f"--official-python: {python} cannot be run ({error.strerror}); give a Python.") from error
    if found.returncode or not found.stdout.startswith("4."):
        output = found.stdout.strip() or (found.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise InputError(
            f"--official-python: {python} has no transformers 4 ({output}); give the Python of an environment with "
            "torch and transformers==4.46.2, which the official code needs."
        )


def official_ratios(
    shape: str,
    model: CoconutModel,
    problems: Sequence[GraphProblem],
    works: Sequence[Work],
    *,
    checkout: Path,
    python: Path,
    rounds: int,
    patience: float = 120.0,
) -> Iterator[Ratio]:
    """Each work, timed `rounds` times or until `patience` seconds are over; at least once."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model.lm.save_pretrained(folder)
        model.tokenizer.save_pretrained(folder)
        save_problems(folder / "problems.json", problems)
        (folder / "examples.json").write_text(json.dumps(_examples(model, problems)))

        def sides() -> tuple["_Side", "_Side", "_Side"]:
            ours = [sys.executable, "-m", "benchmarks.our_side", folder, folder / "problems.json"]
            script = [python, HERE / "official_side.py", checkout, folder, folder / "examples.json"]
            return _Side(ours, "our side"), _Side(script, f"--official: {python}"), _Side(ours, "the floor")

        ours, official, _ = sides()
        with ours, official:
            for work in {work.work for work in works}:
                mine, theirs = (side.ask(work, 3, 3)["result"] for side in (ours, official))
                _agree(work, mine, theirs, model)
        for work in works:
            peaks = _peaks(work, [sides() for _ in range(STARTS)]) if work.memory is not None else None
            ours, official, floor = sides()
            with ours, official, floor:
                yield _timed(shape, work, (ours, official, floor), peaks, rounds, patience)


def _names(work: Work) -> tuple[str, str, str]:
    """What ours, the official way and the floor are asked for."""
    return work.work, work.work, f"{work.work} floor"


def _peaks(work: Work, starts: Sequence[Sequence["_Side"]]) -> Float[np.ndarray, " side"] | None:
    """Median MiB that each side's first call needs in a new process; None where the system does not say."""
    peaks = []
    for sides in starts:
        for side, name in zip(sides, _names(work), strict=True):
            with side:
                peaks.append(side.ask(name, work.count, work.batch)["peak_mib"])
    return None if None in peaks else np.median(np.reshape(peaks, (len(starts), -1)), 0)


def _timed(
    shape: str,
    work: Work,
    sides: Sequence["_Side"],
    peaks: Float[np.ndarray, " side"] | None,
    rounds: int,
    patience: float,
) -> Ratio:
    """Ours, the official way and the floor, in turn."""
    turns, spent = [], 0.0
    while len(turns) < rounds and (not turns or spent < patience):
        turns.append([_turn(side, name, work) for side, name in zip(sides, _names(work), strict=True)])
        spent += sum(reply["seconds"] for replies in turns[-1] for reply in replies)
    # Counting slows the work down, so that few problems have to do: both sides do the same to each.
    few = min(work.count, 8)
    counted = [side.ask(work.work, few, work.batch, counted=True)["operations"] for side in sides[:2]]
    *seconds, floor = np.array([[_warm_seconds(replies) for replies in row] for row in turns]).T
    size = f", {work.count} problems" if work.count else ""
    return Ratio.of(
        np.array(seconds),
        [each * max(work.count, 1) / max(few, 1) for each in counted],
        name=f"{work.name}{size}, batch {work.batch}",
        shape=shape,
        against="official code",
        peak=None if peaks is None else float(peaks[0]),
        memory=None if peaks is None else float(peaks[0] / peaks[1]),
        target=work.target,
        memory_target=work.memory,
        most=float(np.median(seconds[1] / floor)),
        memory_floor=None if peaks is None else float(peaks[2] / peaks[1]),
    )


def _turn(side: "_Side", name: str, work: Work) -> list[dict]:
    """The replies of one side that works until its turn is over: short works, as in training, follow each other."""
    replies: list[dict] = []
    while not replies or sum(reply["seconds"] for reply in replies) < TURN_SECONDS:
        replies.append(side.ask(name, work.count, work.batch))
    return replies


def _warm_seconds(replies: Sequence[dict]) -> float:
    """Median seconds, without the first where there are others: it finds the caches full of another process's data."""
    return float(np.median([reply["seconds"] for reply in replies[1:] or replies]))


def _examples(model: CoconutModel, problems: Sequence[GraphProblem]) -> dict:
    encoder, tokens, task = Encoder(model.tokenizer), model.tokens, task_of(problems)
    usual, rows = usual_opening(task, None), []
    for problem, encoded in zip(problems, encoder.problems(problems), strict=True):
        names = encoder.texts(problem.names)
        assert all(len(name) == 1 for name in names), "the official side reads names of one token"
        rows.append(
            {
                "question": encoded.question,
                "answer": encoded.answer,
                "opening": encoder.texts([task.opening(problem, 1, usual)])[0],
                "names": [name for (name,) in names],
            }
        )
    ids = {name: getattr(tokens, name) for name in ("begin", "end", "thought", "padding", "end_of_text")}
    return {"problems": rows, **ids}


def _agree(work: str, ours: list, official: list, model: CoconutModel) -> None:
    if work == "answers":
        official = model.tokenizer.batch_decode(official, skip_special_tokens=True)
        same = ours == official
    else:
        same = np.allclose(ours, official, rtol=1e-3, atol=1e-5)
    assert same, f"{work}: the two sides do not agree ({ours[:3]} against {official[:3]})"


class _Side:
    """A process that works on request."""

    def __init__(self, command: Sequence, name: str):
        self._command, self._name = [str(part) for part in command], name

    def __enter__(self) -> "_Side":
        # Errors go into a file: a pipe that nobody empties would block the process once it is full.
        self._errors = tempfile.TemporaryFile("w+")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(self._command, text=True, **pipes)
        self._reply()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def ask(self, work: str, count: int, batch: int, *, counted: bool = False) -> dict:
        """Let the process do a work, where wanted with its operations counted; its reply."""
        request = {"work": work, "count": count, "batch": batch, "counted": counted}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return self._reply()

    def _reply(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            last = (self._errors.read().strip().splitlines() or ["it was killed"])[-1]
            raise InputError(f"{self._name}: stopped with {last!r}; ask for less, or mend its environment.")
        return json.loads(line)
