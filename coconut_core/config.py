"""A training run as data: a frozen `RunConfig`, read from YAML and from `--set key=value`.

Field names are those of the official configuration files wherever these have one, and the official files load.
Unknown keys are refused by name, and values are coerced by the field's type: YAML reads "1e-4" and "None" as text.
"""

import dataclasses
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml

from coconut_core.curriculum import Curriculum
from coconut_core.errors import InputError
from coconut_core.methods import METHODS
from coconut_core.problems.prosqa_sampler import OFFICIAL, SamplerSettings


@dataclass(frozen=True)
class ModelShape:
    """A language model made from scratch, with random weights and a word-level vocabulary."""

    family: Literal["llama", "gpt2"] = "llama"
    layers: int = 4
    width: int = 128
    heads: int = 4
    feed_forward: int = 256
    initial_std: float = 0.02
    rotary_base: float = 10_000.0
    """Llama only: base of the rotary frequencies."""
    offset_heads: tuple[int, ...] = ()
    """Llama only: heads of the first layer that start out attending this many tokens back (`offset_heads.py`)."""
    positions: int = 1024
    """Longest text; GPT-2 only: learned positions."""


@dataclass(frozen=True)
class World:
    """Fresh ProsQA problems for some epochs of training: the size of their graphs and the length of their chains."""

    epochs: int
    nodes: tuple[int, ...] = OFFICIAL.nodes
    """Fewest and most nodes."""
    hops: dict[int, float] = field(default_factory=lambda: dict(OFFICIAL.hops))
    """Weight of each length of the shortest path."""
    uniform_prob: float | None = None
    """Overrides the run's `uniform_prob` for these epochs."""
    questions_per_text: int | None = None
    """Overrides the run's `questions_per_text`: small graphs have few questions to ask."""
    lr: float | None = None
    """Overrides the run's `lr`."""
    stage: int | None = None
    """Overrides the stage that `epochs_per_stage` would schedule."""

    @property
    def sampler(self) -> SamplerSettings:
        return SamplerSettings(nodes=self.nodes, hops=self.hops)


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a training run. Two equal configs on the same machine give the same model."""

    name: str
    save_path: str = "runs"
    """The run's folder is save_path/name."""
    seed: int = 0

    # The model: a shape from scratch, or a local folder of a Hugging Face model or of a run of ours.
    model: ModelShape | None = None
    model_id: str | None = None
    load_model_path: str | None = None

    # The method and its curriculum (paper section 3; 2.2 for its numbers).
    method: str = "coconut"
    """One of `methods.py`."""
    stopping: Literal["fixed", "classifier"] = "fixed"
    """classifier: once the model is trained, fit a classifier that says from a thought whether to stop thinking."""
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

    # Reports and checkpoints.
    log_every: int = 50
    """Steps between lines of metrics.jsonl."""
    checkpoint_minutes: float = 5.0
    """The most that a kill loses."""
    ship_half: bool = True
    """Store the finished model in half precision."""

    # Parts of official files that choose what this command does not do; only these values are accepted.
    only_eval: Literal[False] = False
    debug: Literal[False] = False
    # Parts of official files that have no meaning here: runs resume by themselves and keep their last model.
    project: str | None = field(default=None, compare=False)
    resume: int = field(default=0, compare=False)
    save_only_improve: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        positive = ("questions_per_text", "batch_size_training", "gradient_accumulation_steps")
        positive += ("samples_per_epoch", "num_epochs", "log_every", "checkpoint_minutes", "lr")
        for name in positive:
            if getattr(self, name) <= 0:
                raise InputError(f"{name}: {getattr(self, name)} is not above zero; give a positive number.")
        for name in ("c_thought", "max_latent_stage", "epochs_per_stage", "stages_per_sample", "warmup_steps"):
            if getattr(self, name) < 0:
                raise InputError(f"{name}: {getattr(self, name)} is negative; give zero or more.")
        if not 0 <= self.uniform_prob <= 1:
            raise InputError(f"uniform_prob: {self.uniform_prob} is no probability; give a number from 0 to 1.")
        for world in self.worlds:
            if len(world.nodes) != 2:
                raise InputError(f"worlds: nodes {list(world.nodes)} is not two numbers; give the fewest and the most.")
            asked = world.questions_per_text or self.questions_per_text
            if not 1 <= asked <= self.batch_size_training:
                raise InputError(
                    f"questions_per_text: {asked} does not fit a batch of {self.batch_size_training}; give fewer."
                )
            if world.stage is not None and not 0 <= world.stage <= self.max_latent_stage + 1:
                raise InputError(f"worlds: stage {world.stage} is none of 0 to {self.max_latent_stage + 1}; give one.")
            world.sampler  # noqa: B018  refuses impossible combinations
        self._check_method()
        if len(self.betas) != 2:
            raise InputError(f"betas: {list(self.betas)} is not two numbers; give [0.9, 0.999].")
        if self.load_model_path:
            if self.model is not None:
                raise InputError("model: the shape is that of load_model_path already; leave one of them out.")
        elif (self.model is None) == (self.model_id is None):
            raise InputError("model: give either a shape to train from scratch or model_id, a model's local folder.")
        if bool(self.train_path) == bool(self.worlds):
            raise InputError("train_path: give either a file to train on or worlds of fresh problems.")
        if self.train_path and self.questions_per_text > 1:
            raise InputError("questions_per_text: a file asks one question a text; leave it at 1, or use worlds.")

    def _check_method(self) -> None:
        """Refuse what the method cannot do."""
        if self.method not in METHODS:
            raise InputError(f"method: {self.method!r} is unknown; give one of {', '.join(METHODS)}.")
        method = METHODS[self.method]
        if method.slots != "none" and not self.c_thought * self.max_latent_stage:
            raise InputError(
                f"c_thought: {method.name} needs slots, but {self.c_thought} thoughts a step in "
                f"{self.max_latent_stage} stages leave none; give 1 or more of each."
            )
        mixes = self.uniform_prob > 0 or any(world.uniform_prob for world in self.worlds)
        if mixes and not method.staged:
            raise InputError(f"uniform_prob: {method.name} has no stages to mix; leave it at 0.")
        if self.stopping == "classifier" and method.slots != "thought":
            raise InputError(f"stopping: {method.name} has no thoughts to classify; leave it at 'fixed'.")

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

    def lr_of_epoch(self, epoch: int) -> float:
        own = self.world_of_epoch(epoch).lr if self.worlds else None
        return self.lr if own is None else own

    def stage_of_epoch(self, epoch: int) -> int:
        """The stage that samples of an epoch are trained at, but for those drawn uniformly."""
        own = self.world_of_epoch(epoch).stage if self.worlds else None
        curriculum = self.curriculum_of_epoch(epoch)
        return curriculum.stage_of_epoch(epoch, self.epochs_per_stage) if own is None else curriculum.of_method(own)

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
        """Plain values, as they would stand in a YAML file."""
        return _plain(dataclasses.asdict(self))


def load_config(path: Path | str, settings: Sequence[str] = ()) -> RunConfig:
    """Read a YAML file and apply `key=value` settings; a dot reaches into a part (`model.width=64`).

    A file may say `extends: other.yaml`, a file beside it whose fields it takes over and overrides.
    """
    path = Path(path)
    content = _read(path)
    if "extends" in content:
        other = path.parent / str(content.pop("extends"))
        base = _read(other)
        if "extends" in base:
            raise InputError(f"{other}: is extended and extends itself; give {path} all fields that differ.")
        content = {**base, "name": path.stem, **content}
    content.setdefault("name", path.stem)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: has no '='; write key=value.")
        target = content
        *parts, last = key.split(".")
        for part in parts:
            target[part] = dict(target.get(part) or {})
            target = target[part]
        target[last] = yaml.safe_load(value)
    try:
        return config_from(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a YAML file.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: is not YAML ({reason}); mend it there.") from error
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: holds no fields; write one 'name: value' a line.")
    return dict(content)


def config_from(content: Mapping[str, Any]) -> RunConfig:
    """A `RunConfig` from plain values; `InputError` names an unknown key or a value of the wrong type."""
    flags = {key: content[key] for key in _OFFICIAL_METHODS if key in content}
    content = {key: value for key, value in content.items() if key not in flags}
    for key, value in flags.items():
        if not isinstance(value, bool):
            raise InputError(f"{key}: {value!r} is not true or false; give true or false.")
    chosen = [key for key, value in flags.items() if value]
    # The official code asks for both in a run without thoughts.
    if chosen == ["no_thoughts", "coconut"]:
        chosen = ["no_thoughts"]
    if len(chosen) > 1 or (chosen and "method" in content):
        clash = ", ".join([*chosen, *(["method"] if "method" in content else [])])
        raise InputError(f"method: {clash} choose more than one method; leave one.")
    if chosen:
        content["method"] = _OFFICIAL_METHODS[chosen[0]]
    elif flags and "method" not in content and not flags.get("coconut", True):
        raise InputError("method: the file turns off every method; set one of coconut, cot, no_cot or no_thoughts.")
    return _build(RunConfig, content, "")


_OFFICIAL_METHODS = {"no_thoughts": "no_thought", "cot": "cot", "no_cot": "no_cot", "coconut": "coconut"}
"""Switches of the official files, and the methods that they choose."""


def _build(kind: type, content: Mapping[str, Any], prefix: str) -> Any:
    known = {f.name: f for f in dataclasses.fields(kind)}
    for key in content:
        if key not in known:
            raise InputError(f"{prefix}{key}: is no field of a run; known are {', '.join(known)}.")
    values = {key: _coerce(value, known[key].type, f"{prefix}{key}") for key, value in content.items()}
    for key, each in known.items():
        if key not in values and each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            raise InputError(f"{prefix}{key}: is missing; give it.")
    return kind(**values)


def _coerce(value: Any, kind: Any, name: str) -> Any:
    """`value` as the type of its field, or `InputError`. Nothing is guessed: 1.5 is no whole number."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None or value in ("None", "null"):
            return None
        return _coerce(value, next(a for a in arguments if a is not type(None)), name)
    if origin is Literal:
        if value in arguments and type(value) is type(arguments[0]):
            return value
        allowed = " or ".join(str(a) for a in arguments)
        raise InputError(f"{name}: {value!r} is not possible here; give {allowed}.")
    if origin is dict:
        if not isinstance(value, Mapping):
            raise InputError(f"{name}: {value!r} is no mapping; give 'key: value' pairs.")
        return {
            _coerce(key, arguments[0], f"a key of {name}"): _coerce(item, arguments[1], f"{name}.{key}")
            for key, item in value.items()
        }
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise InputError(f"{name}: {value!r} is no list; give one.")
        return tuple(_coerce(item, arguments[0], f"{name}[{index}]") for index, item in enumerate(value))
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise InputError(
                f"{name}: {value!r} has no fields; give {', '.join(f.name for f in dataclasses.fields(kind))}."
            )
        return _build(kind, value, f"{name}.")
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        return value
    if kind is float and not isinstance(value, bool):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    raise InputError(f"{name}: {value!r} is not {words[kind]}; give {words[kind]}.")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
