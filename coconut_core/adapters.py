"""Low-rank adapters (LoRA, arXiv 2106.09685) over a named base: fine-tuning whose result is a small file.

Every linear layer of the base but its head gets a product of two thin matrices beside it, which starts at zero; the
base stays as it is. The three tokens of thinking, which no base knows, get embeddings of their own, which are trained
and stored as well. The library is peft, and `adapter_model.safetensors` is its file.

A folder of adapters has no `model.safetensors`. Its card names the base by folder and hash, and `load_model` adds the
adapters to the weights of the base, so that everything else meets an ordinary model:

    base/               a link to the base, or the base itself, where it is no longer in the folder that the card names
    coconut.json
    adapter_config.json
    adapter_model.safetensors
    tokenizer.json
    tokenizer_config.json
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.records import shown

if TYPE_CHECKING:
    from peft import PeftModel

MOST_RANK = 1 << 10
LINK = "base"
"""In a folder of adapters: where the base is looked for first."""
_PREFIX = "base_model.model."
"""Of the names in peft's files."""


@dataclass(frozen=True)
class Lora:
    """Adapters that a run trains in the place of all weights."""

    rank: int = 16
    """Of the matrix that is added to each of the base."""
    alpha: float = 32.0
    """The matrix is scaled by alpha / rank."""
    dropout: float = 0.0
    """Share of what goes into an adapter that is left out in training."""

    def __post_init__(self) -> None:
        if not 1 <= self.rank <= MOST_RANK:
            raise InputError(f"lora.rank: {self.rank} is none of 1 to {MOST_RANK}; give one, such as 16.")
        if not self.alpha > 0:
            raise InputError(f"lora.alpha: {self.alpha} is not above zero; give a number, such as twice the rank.")
        if not 0 <= self.dropout < 1:
            raise InputError(f"lora.dropout: {self.dropout} is not a share below 1; give one, such as 0.05.")


def require_peft() -> None:
    """`InputError` where the library is not installed."""
    if find_spec("peft") is None:
        raise InputError("lora: peft is not installed; pip install '.[lora]'.")


def adapted(model: CoconutModel, lora: Lora) -> CoconutModel:
    """The model with adapters that change nothing yet; they and nothing else learn. It is changed in place."""
    _wrap(model, lora)
    return model


def is_adapted(model: CoconutModel) -> bool:
    """Whether the model has adapters beside its weights."""
    return hasattr(model.lm, "peft_config")


def adapter_state(model: CoconutModel) -> dict[str, torch.Tensor]:
    """The numbers that are trained, by peft's names."""
    from peft import get_peft_model_state_dict

    return get_peft_model_state_dict(model.lm, save_embedding_layers=False)


def load_adapter_state(model: CoconutModel, state: Mapping[str, torch.Tensor]) -> None:
    """Set the adapters' numbers; `ValueError` where they are of other adapters."""
    from peft import set_peft_model_state_dict

    usual = adapter_state(model)
    if {name: each.shape for name, each in state.items()} != {name: each.shape for name, each in usual.items()}:
        raise ValueError("numbers of other adapters")
    set_peft_model_state_dict(model.lm, dict(state))


def save_adapters(model: CoconutModel, folder: Path, base: str, *, half: bool) -> None:
    """Write both files of the adapters, as peft's own `PeftModel.from_pretrained` reads them over the same base."""
    config = model.lm.peft_config["default"]
    config.base_model_name_or_path, config.inference_mode = base, True
    config.save_pretrained(folder)
    numbers = {f"{_PREFIX}{name}": each.half() if half else each for name, each in adapter_state(model).items()}
    save_file({name: each.cpu().contiguous() for name, each in numbers.items()}, folder / "adapter_model.safetensors")


def read_adapters(model: CoconutModel, lora: Lora, path: Path) -> CoconutModel:
    """The base `model` with the adapters in a file beside its weights. `InputError` where they are not this base's."""
    _wrap(model, lora)
    _load(model, lora, path)
    return model


def add_adapters(model: CoconutModel, lora: Lora, path: Path) -> CoconutModel:
    """The base `model` with the adapters in a file added to its weights: an ordinary model, which computes the same."""
    wrapped = _wrap(model, lora)
    _load(model, lora, path)
    wrapped.merge_and_unload()
    model.lm.requires_grad_(True)
    return model


def base_folder(folder: Path, base: Any) -> Path:
    """Where the base of the adapters in `folder` is, by the field `base` of their card; `InputError` if nowhere."""
    if not isinstance(base, Mapping) or not all(isinstance(base.get(key), str) for key in ("folder", "model_sha256")):
        raise InputError(f"{folder / 'coconut.json'}: field 'base' names no base; copy the file again.")
    for place in (folder / LINK, Path(base["folder"])):
        if (place / "model.safetensors").is_file():
            return place
    raise InputError(
        f"{folder}: holds adapters over {shown(base['folder'])}, which is not there; put that model, or a link to it, "
        f"into the folder as {LINK}/."
    )


def _wrap(model: CoconutModel, lora: Lora) -> "PeftModel":
    require_peft()
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        trainable_token_indices=sorted({model.tokens.begin, model.tokens.thought, model.tokens.end}),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GPT-2 has its matrices transposed, which the library notices and sees to
        return get_peft_model(model.lm, config)


def _load(model: CoconutModel, lora: Lora, path: Path) -> None:
    try:
        stored = {name.removeprefix(_PREFIX): each.float() for name, each in load_file(path).items()}
        load_adapter_state(model, stored)
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(
            f"{path}: holds no adapters of rank {lora.rank} for this base; copy the folder again."
        ) from error
