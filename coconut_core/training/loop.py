"""The training loop: one for a CPU, a GPU or several (accelerate), resumable to the bit on a CPU (without dropout, if
several processes share it).

    coconut train configs/prosqa_laptop.yaml
    torchrun --standalone --nproc_per_node 4 -m workbench.commands train configs/prosqa_scratch.yaml

A run's folder holds the resolved config, `metrics.jsonl` and, while it is unfinished, `state/` with everything a
resumed run needs. Running the same command again resumes; a finished run is left alone. At the end the folder is a
checkpoint (`checkpoints.py`) and `state/` is gone.
"""

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from tqdm.auto import tqdm

from coconut_core.adapters import adapter_state, is_adapted, load_adapter_state
from coconut_core.card import EPOCHS
from coconut_core.checkpoints import save_model
from coconut_core.columns import PackedBatch
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from coconut_core.training.batches import TrainingBatches, validation_problems
from coconut_core.training.config import RunConfig
from coconut_core.training.initial_model import base_of, data_hash, initial_model
from coconut_core.training.interruption import Interruption
from coconut_core.training.meter import Meter
from coconut_core.training.optimizers import Optimizers, learning_rate
from coconut_core.training.run_folder import is_finished, locked, prepare, remove_state
from coconut_core.training.run_log import RunLog
from coconut_core.training.state import STATE, Progress, check_kinds, store_state, stored_state
from coconut_core.training.stop_rule import stop_rule
from coconut_core.training.trackers import require_trackers


def train(config: RunConfig, command: str, *, restart: bool = False, quiet: bool = False) -> Path:
    """Run or resume `config`; returns its folder, which then holds a finished checkpoint.

    `InputError` if the folder holds a run of another config (unless `restart`, which discards it), if data are
    missing, or if the model cannot be loaded. Ctrl-C stores the state and raises `KeyboardInterrupt` again.
    """
    require_trackers(config.trackers)
    accelerator = Accelerator(cpu=not torch.cuda.is_available(), mixed_precision="bf16" if config.bf16 else "no")
    folder = config.folder
    finished = is_finished(folder, config, restart)
    accelerator.wait_for_everyone()
    if finished:
        if accelerator.is_main_process:
            remove_state(folder)
        return folder
    # Whatever is wrong with the config is found before anything is written, and before anything is discarded.
    set_seed(config.seed)
    model = initial_model(config)
    encoder = Encoder(model.tokenizer, model.method)
    batches = TrainingBatches(config, encoder, accelerator.process_index, accelerator.num_processes)
    held_out = validation_problems(config)
    try:
        encoder.questions([problem.question for problem in held_out])
    except InputError as error:
        raise InputError(f"val_path: {error}") from error
    with locked(folder) if accelerator.is_main_process else nullcontext():
        if accelerator.is_main_process:
            prepare(folder, config, restart)
        accelerator.wait_for_everyone()
        return _Run(config, accelerator, model, batches, held_out, command, quiet).train()


class _Run:
    def __init__(self, config, accelerator, model, batches, held_out, command, quiet):
        self.config: RunConfig = config
        self.folder: Path = config.folder
        self.accelerator: Accelerator = accelerator
        self.model: CoconutModel = model
        self.batches: TrainingBatches = batches
        self.held_out = held_out
        self.command: str = command
        self.quiet = quiet or not accelerator.is_main_process
        self.wrapped = accelerator.prepare(model)
        self.optimizers = Optimizers(config, model)
        self.data = data_hash(config)
        self.left_out = config.resume * batches.steps_per_epoch
        self.progress = Progress(epoch=config.resume, total_steps=self.left_out)
        self.steps = config.epochs * batches.steps_per_epoch
        self.meter = Meter()
        self.log: RunLog | None = None

    def train(self) -> Path:
        if (self.folder / STATE).exists():
            self._restore()
        with ExitStack() as open_log:
            if self.accelerator.is_main_process:
                self.log = open_log.enter_context(RunLog(self.config, self.progress.total_steps))
            self._take_steps()
        return self._finish()

    def _take_steps(self) -> None:
        at = self.progress
        began, saved = time.monotonic() - at.seconds, time.monotonic()
        bar = tqdm(total=self.steps, initial=at.total_steps, unit="step", disable=self.quiet)
        with bar, Interruption() as interruption:
            while at.epoch < self.config.epochs:
                if at.step == 0 and at.epoch > 0 and self._rebuilds(at.epoch):
                    self.optimizers = Optimizers(self.config, self.model)
                pending = not self._step(self.batches.batch(at.epoch, at.step, self.model.columns_at_once))
                stage = self.config.stage_of_epoch(at.epoch)
                at.step, at.total_steps = at.step + 1, at.total_steps + 1
                at.seconds = time.monotonic() - began
                if at.step == self.batches.steps_per_epoch:
                    at.epoch, at.step = at.epoch + 1, 0
                bar.update()
                if at.total_steps % self.config.log_every == 0:
                    self._report(bar, stage)
                if at.step == 0:
                    self._validate(bar)
                    self._keep()
                stopping = self._any_process(interruption.asked)
                # Gradients are not stored, so a run stops and stores only where none are being gathered.
                if pending:
                    continue
                if stopping or time.monotonic() - saved > 60 * self.config.checkpoint_minutes:
                    self._store()
                    saved = time.monotonic()
                if stopping:
                    raise KeyboardInterrupt

    def _any_process(self, asked: bool) -> bool:
        """Whether any process was asked to stop: one that stops alone would leave the others waiting for it."""
        if self.accelerator.num_processes == 1:
            return asked
        flag = torch.tensor(float(asked), device=self.accelerator.device)
        return bool(self.accelerator.reduce(flag, "sum") > 0)

    def _rebuilds(self, epoch: int) -> bool:
        if not self.config.reset_optimizer:
            return False
        every_epoch = self.config.reset_optimizer_every == "epoch"
        return every_epoch or self.config.stage_of_epoch(epoch) != self.config.stage_of_epoch(epoch - 1)

    def _step(self, parts: Sequence[PackedBatch]) -> bool:
        """Gather the gradients of a batch; True where they were applied, after some batches or at an epoch's last."""
        config, at = self.config, self.progress
        self.wrapped.train()
        *earlier, last = (part.to(self.accelerator.device) for part in parts)
        weight = self._weight(parts)
        for part in earlier:
            with self.accelerator.no_sync(self.wrapped):
                self._backward(part, weight)
        self._backward(last, weight)
        if (at.step + 1) % config.gradient_accumulation_steps and at.step + 1 < self.batches.steps_per_epoch:
            return False
        if config.clip_norm is not None:
            self.accelerator.clip_grad_norm_(self.model.parameters(), config.clip_norm)
        self.optimizers.step(learning_rate(config, at.total_steps, self.batches.steps_per_epoch))
        return True

    def _weight(self, parts: Sequence[PackedBatch]) -> float:
        """How much this process's mean counts in the mean over all processes, so that every label counts alike."""
        if self.accelerator.num_processes == 1:
            return 1.0
        own = torch.stack([part.weights.sum() for part in parts]).sum().to(self.accelerator.device)
        return float(own / self.accelerator.reduce(own, "mean"))

    def _backward(self, part: PackedBatch, weight: float) -> None:
        with self.accelerator.autocast():
            loss = self.wrapped(part)
        mean = loss.mean.item()
        if not math.isfinite(mean):
            raise InputError(
                f"lr: the loss is {mean} at step {self.progress.total_steps}; start again with a lower lr."
            )
        self.accelerator.backward(loss.mean * part.share * weight / self.config.gradient_accumulation_steps)
        self.meter.add(loss, part)

    def _report(self, bar: tqdm, stage: int) -> None:
        line = self.meter.flush()
        bar.set_postfix(loss=f"{line['loss']:.3f}", stage=stage, refresh=False)
        self._log({"kind": "train", "stage": stage, **line})

    def _validate(self, bar: tqdm) -> None:
        """Accuracy without thoughts, with half of them and with all, at the end of an epoch."""
        if not self.held_out or not self.accelerator.is_main_process:
            return
        self.model.eval()
        most = self.config.curriculum_of_epoch(self.progress.epoch).max_thoughts
        accuracy = answers(self.model, self.held_out, ks=sorted({0, most // 2, most})).accuracy
        bar.write(f"epoch {self.progress.epoch}: accuracy with {most} thoughts {accuracy[most]:.3f}")
        self._log({"kind": "validation", "n": len(self.held_out), "accuracy": accuracy})

    def _log(self, line: dict) -> None:
        if self.log is not None:
            at = self.progress
            line = {"step": at.total_steps, "epoch": at.epoch, "samples": self._samples, **line}
            self.log.write({**line, "seconds": round(at.seconds, 1)})

    @property
    def _samples(self) -> int:
        return (self.progress.total_steps - self.left_out) * self.batches.samples_per_step

    def _store(self) -> None:
        # Every process holds the same weights after a step, so one stores and none has to wait.
        if self.log is not None:
            self.log.sync()
            store_state(self.folder / STATE, self._state())

    def _state(self) -> dict[str, Any]:
        return {
            "data": self.data,
            "processes": self.accelerator.num_processes,
            "progress": vars(self.progress),
            "model": adapter_state(self.model) if is_adapted(self.model) else self.model.state_dict(),
            "optimizers": self.optimizers.state_dict(),
            "random": torch.get_rng_state(),
            "meter": self.meter.state(),
        }

    def _restore(self) -> None:
        path = self.folder / STATE
        # States of earlier versions do not say how many processes stored them.
        state = {"processes": self.accelerator.num_processes, **stored_state(path)}
        usual = self._state()
        if state.get("data") != self.data:
            raise InputError(
                f"{path}: the run began with other data or other weights ({', '.join(self.data)}); put them back, or "
                "start again with --restart."
            )
        check_kinds(path, state, {**usual, "meter": {}})
        if state["processes"] != self.accelerator.num_processes:
            raise InputError(
                f"{path}: was stored by {state['processes']} processes that shared every batch; start as many, or "
                "start again with --restart."
            )
        try:
            if is_adapted(self.model):
                load_adapter_state(self.model, state["model"])
            else:
                self.model.load_state_dict(state["model"])
            self.optimizers.load_state_dict(state["optimizers"])
            self.progress = Progress(**state["progress"])
            torch.set_rng_state(state["random"])
            self.meter.restore(state["meter"])
        except Exception as error:
            raise InputError(f"{path}: cannot be resumed; start again with --restart.") from error
        self.progress.check(path, self.config.epochs, self.batches.steps_per_epoch)

    def _card(self) -> dict[str, Any]:
        """What the card says of the run as it is now."""
        return {
            "command": self.command,
            "run": self.config.as_dict(),
            "data": self.data,
            "steps": self.progress.total_steps,
            "samples": self._samples,
            "seconds": round(self.progress.seconds, 1),
            "processes": self.accelerator.num_processes,
        }

    def _keep(self) -> None:
        """The model at the end of an epoch, where the config asks for it; the last one is the run's own."""
        epoch, every = self.progress.epoch, self.config.keep_epochs
        if every and epoch % every == 0 and epoch < self.config.epochs and self.accelerator.is_main_process:
            folder = self.folder / EPOCHS / f"{epoch:03d}"
            folder.mkdir(parents=True, exist_ok=True)
            half, base = self.config.ship_half, base_of(self.config)
            save_model(self.model, folder, self._card(), half=half, held_out=(), base=base)

    def _finish(self) -> Path:
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            card = self._card()
            if self.config.stopping == "classifier":
                self._store()  # fitting takes minutes; whatever ends it, the same command resumes from here
                classifier = stop_rule(self.model.eval(), self.config, quiet=self.quiet)
                classifier.save(self.folder)
                card["stopping"] = dict(classifier.record)
            half, base = self.config.ship_half, base_of(self.config)
            save_model(self.model, self.folder, card, half=half, held_out=self.held_out, base=base)
            remove_state(self.folder)
        self.accelerator.wait_for_everyone()
        return self.folder
