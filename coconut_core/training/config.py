"""A training run as data: a frozen `RunConfig`, which refuses what is impossible by the field's name.

Field names are those of the official configuration files wherever these have one. `config_files.py` reads them.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from coconut_core.adapters import Lora
from coconut_core.errors import InputError
from coconut_core.methods import METHODS, MOST_SLOTS
from coconut_core.problems.records import shown
from coconut_core.problems.registry import DEFAULT, task_named
from coconut_core.training.curriculum import Curriculum
from coconut_core.training.limits import MOST, require, require_at_most
from coconut_core.training.shape import Growth, ModelShape


@dataclass(frozen=True)
class World:
    """Fresh problems for some epochs of training."""

    epochs: int
    problems: Any = None
    """Which problems: settings of the run's task (`Task.settings`); None for its usual ones. In a file the fields of
    these settings stand beside the others."""
    uniform_prob: float | None = None
    """Overrides the run's `uniform_prob` for these epochs."""
    questions_per_text: int | None = None
    """Overrides the run's `questions_per_text`: small graphs have few questions to ask."""
    lr: float | None = None
    """Overrides the run's `lr`."""
    stage: int | None = None
    """Overrides the stage that `epochs_per_stage` would schedule."""


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a training run. Two equal configs on the same machine give the same model."""

    name: str
    save_path: str = "runs"
    """The run's folder is save_path/name."""
    seed: int = 0

    # The model: a shape from scratch, or a local folder of a Hugging Face model or of a finished run.
    model: ModelShape | None = None
    model_id: str | None = None
    load_model_path: str | None = None
    grow: Growth | None = None
    """Layers and width that the model of `load_model_path` is grown to before it is trained, exactly (`growth.py`)."""

    lora: Lora | None = None
    """Adapters that are trained in the place of the weights, over the model of `model_id` or `load_model_path`, which
    may be a finished run of adapters itself: these go on (`adapters.py`)."""

    # The method and its curriculum (paper section 3; 2.2 for its numbers).
    method: str = "coconut"
    """One of `methods.py`."""
    stopping: Literal["fixed", "classifier"] = "fixed"
    """classifier: once the model is trained, fit a classifier that says from a thought whether to stop thinking."""
    stop_loss: float = 0.01
    """Share of all answers that stopping early may lose at most, with 95% confidence (`stopping.py`)."""
    c_thought: int = 1
    max_latent_stage: int = 6
    epochs_per_stage: int = 5
    """0: no schedule, every epoch is of the last stage."""
    pad_latent_to_max: bool = True
    uniform_prob: float = 0.0
    stages_per_sample: int = 1
    """Stages scored of each sample from one encoding of its question: 1 draws one, as the official code does;
    n draws n; 0 scores every stage that can be drawn, weighted by its probability."""

    # The data: files in the official format, or worlds of fresh problems.
    task: str = DEFAULT
    """Whose fresh problems are drawn, and whose words a model from scratch knows. A file shows its task itself."""
    train_path: str | None = None
    val_path: str | None = None
    worlds: tuple[World, ...] = ()
    samples_per_epoch: int = 20_000
    """Of a world; a file's epoch is the file."""
    questions_per_text: int = 1
    """Of a world: sound questions asked about each text of facts, scored from one encoding of the facts."""
    validation_problems: int = 200
    """Fresh problems of the last world, where there is no `val_path`."""

    # Optimisation.
    num_epochs: int = 50
    """Of a file; worlds say their own."""
    resume: int = 0
    """Epochs that are left out at the beginning: the model that is loaded has them behind it."""
    batch_size_training: int = 32
    """Samples of one process and step."""
    gradient_accumulation_steps: int = 1
    optimizer: Literal["adamw", "muon"] = "adamw"
    """muon: Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    lr: float = 1e-4
    weight_decay: float = 0.01
    betas: tuple[float, ...] = (0.9, 0.999)
    warmup_steps: int = 0
    cooldown_epochs: float = 0.0
    """The learning rate falls linearly to zero over the last epochs."""
    clip_norm: float | None = None
    reset_optimizer: bool = False
    """True builds a new optimiser, as often as `reset_optimizer_every` says."""
    reset_optimizer_every: Literal["epoch", "stage"] = "epoch"
    """The official code rebuilds it every epoch, the paper says at every stage."""
    bf16: bool = False
    """bfloat16 autocast; pays on GPUs and on CPUs with AVX512-BF16 at widths of some hundred."""
    gradient_checkpointing: bool = False
    """Compute the inside of every layer again for its gradient: memory for a third more time (`recomputation.py`)."""

    # Reports and checkpoints.
    log_every: int = 50
    """Steps between lines of metrics.jsonl."""
    checkpoint_minutes: float = 5.0
    """The most that a kill loses."""
    keep_epochs: int = field(default=0, compare=False)
    """Epochs between models that stay in the run's folder, under epochs/, for `coconut emergence`; 0 keeps the last."""
    ship_half: bool = True
    """Store the finished model in half precision."""
    trackers: tuple[str, ...] = field(default=(), compare=False)
    """Beside metrics.jsonl, by accelerate's names: tensorboard, trackio, wandb and others (`trackers.py`)."""
    project: str | None = field(default=None, compare=False)
    """Of trackers that keep runs of several projects."""

    # Parts of official files that choose what this command does not do; only these values are accepted.
    only_eval: Literal[False] = False
    debug: Literal[False] = False
    # A part of official files that has no meaning here: runs keep their last model.
    save_only_improve: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        positive = ("questions_per_text", "batch_size_training", "gradient_accumulation_steps")
        positive += ("samples_per_epoch", "num_epochs", "log_every", "checkpoint_minutes", "lr", "clip_norm")
        require(self, "", positive, lambda value: value > 0, "is not above zero; give a positive number")
        natural = ("seed", "c_thought", "max_latent_stage", "epochs_per_stage", "stages_per_sample", "warmup_steps")
        natural += ("cooldown_epochs", "validation_problems", "weight_decay", "resume", "keep_epochs")
        require(self, "", natural, lambda value: value >= 0, "is negative; give zero or more")
        require(self, "", ("uniform_prob",), lambda value: 0 <= value <= 1, _NO_PROBABILITY)
        require(self, "", ("stop_loss",), lambda value: 0 < value < 1, "is not between 0 and 1; give a share like 0.01")
        require_at_most(self, "", MOST)
        task = task_named(self.task)
        if self.worlds and task.settings is None:
            raise InputError(f"worlds: fresh problems of {task.title} cannot be made; give a train_path.")
        worlds = [
            world if world.problems is not None else replace(world, problems=task.settings()) for world in self.worlds
        ]
        object.__setattr__(self, "worlds", tuple(worlds))
        if self.name in ("", ".", "..") or Path(self.name).name != self.name:
            raise InputError(f"name: {shown(self.name)} names no folder of its own; give a name without a slash.")
        for world in self.worlds:
            require(world, "worlds: ", ("epochs", "lr"), lambda value: value > 0, "is not above zero; give more")
            require(world, "worlds: ", ("uniform_prob",), lambda value: 0 <= value <= 1, _NO_PROBABILITY)
            asked = self.questions_of(world)
            if asked < 1 or self.batch_size_training % asked:
                raise InputError(
                    f"questions_per_text: batches of {self.batch_size_training} are not a whole number of texts with "
                    f"{asked} questions each; give another number."
                )
            if world.stage is not None and not 0 <= world.stage <= self.max_latent_stage + 1:
                raise InputError(f"worlds: stage {world.stage} is none of 0 to {self.max_latent_stage + 1}; give one.")
        self._check_method()
        if self.resume >= self.epochs:
            raise InputError(f"resume: {self.resume} epochs are all that the run has; give fewer.")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise InputError(f"betas: {list(self.betas)} is not two numbers from 0 to below 1; give [0.9, 0.999].")
        if self.load_model_path:
            if self.model is not None:
                raise InputError("model: the shape is that of load_model_path already; leave one of them out.")
        elif (self.model is None) == (self.model_id is None):
            raise InputError("model: give either a shape to train from scratch or model_id, a model's local folder.")
        if self.grow is not None and not self.load_model_path:
            raise InputError("grow: only the model of load_model_path grows; give that, or leave grow out.")
        if self.lora is not None and self.model is not None:
            raise InputError("lora: a model from scratch has no weights to add to; give model_id or load_model_path.")
        if self.lora is not None and self.grow is not None:
            raise InputError("lora: a model that grows changes its base; grow it in a run of its own.")
        if bool(self.train_path) == bool(self.worlds):
            raise InputError("train_path: give either a file to train on or worlds of fresh problems.")
        if self.train_path and self.questions_per_text > 1:
            raise InputError("questions_per_text: a file asks one question a text; leave it at 1, or use worlds.")

    def _check_method(self) -> None:
        """Refuse what the method cannot do."""
        if self.method not in METHODS:
            raise InputError(f"method: {shown(self.method)} is unknown; give one of {', '.join(METHODS)}.")
        method = METHODS[self.method]
        if method.has_slots and not self.c_thought * self.max_latent_stage:
            raise InputError(
                f"c_thought: {method.name} needs slots, but {self.c_thought} thoughts a step in "
                f"{self.max_latent_stage} stages leave none; give 1 or more of each."
            )
        if self.c_thought * self.max_latent_stage >= MOST_SLOTS:
            raise InputError(
                f"c_thought: {self.c_thought} thoughts a step in {self.max_latent_stage} stages are more than the "
                f"{MOST_SLOTS - 1} that a question has room for; give fewer."
            )
        mixes = self.uniform_prob > 0 or any(world.uniform_prob for world in self.worlds)
        if mixes and not method.staged:
            raise InputError(f"uniform_prob: {method.name} has no stages to mix; leave it at 0.")
        if self.stopping == "classifier" and not method.has_thoughts:
            raise InputError(f"stopping: {method.name} has no thoughts to classify; leave it at 'fixed'.")
        if self.stopping == "classifier" and self.c_thought * self.max_latent_stage < 2:
            raise InputError("stopping: a single thought leaves nothing to decide; leave it at 'fixed'.")

    @property
    def folder(self) -> Path:
        return Path(self.save_path) / self.name

    @property
    def epochs(self) -> int:
        return sum(world.epochs for world in self.worlds) if self.worlds else self.num_epochs

    def world_of_epoch(self, epoch: int) -> World:
        """The world that epoch 0, 1, ... takes its problems from."""
        for world in self.worlds:
            if epoch < world.epochs:
                return world
            epoch -= world.epochs
        return self.worlds[-1]

    def questions_of(self, world: World) -> int:
        """Questions asked about each text of a world."""
        return self.questions_per_text if world.questions_per_text is None else world.questions_per_text

    def lr_of_epoch(self, epoch: int) -> float:
        own = self.world_of_epoch(epoch).lr if self.worlds else None
        return self.lr if own is None else own

    def stage_of_epoch(self, epoch: int) -> int:
        """The stage that samples of an epoch are trained at, but for those drawn uniformly."""
        own = self.world_of_epoch(epoch).stage if self.worlds else None
        curriculum = self.curriculum_of_epoch(epoch)
        return (
            curriculum.stage_of_epoch(epoch, self.epochs_per_stage) if own is None else curriculum.effective_stage(own)
        )

    def curriculum_of_epoch(self, epoch: int) -> Curriculum:
        own = self.world_of_epoch(epoch).uniform_prob if self.worlds else None
        return Curriculum(
            max_stage=self.max_latent_stage,
            method=METHODS[self.method],
            thoughts_per_step=self.c_thought,
            uniform_prob=self.uniform_prob if own is None else own,
            pad_to_max=self.pad_latent_to_max,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values of all that matters to a run, as they would stand in a YAML file."""
        return {f.name: _plain(value) for f, value in _fields(self) if f.compare}


_NO_PROBABILITY = "is not a probability; give a number from 0 to 1"


def _fields(part: Any) -> Iterator[tuple[dataclasses.Field, Any]]:
    return ((each, getattr(part, each.name)) for each in dataclasses.fields(part))


def _plain(value: Any) -> Any:
    if isinstance(value, World):
        own = {each.name: _plain(item) for each, item in _fields(value) if each.name != "problems"}
        return own | _plain(value.problems.as_dict())
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(item) for each, item in _fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
