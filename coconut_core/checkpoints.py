"""Models as folders, and folders as models.

A checkpoint is a Hugging Face folder that `AutoModelForCausalLM` and `AutoTokenizer` load without us (`config.json`,
`model.safetensors`, `tokenizer.json`, `tokenizer_config.json`), with `coconut.json` beside it: format version, how the
model thinks, the ids of the three tokens, the full run config, hashes of the data, the command, and what was measured
on held-out problems with exactly these weights. `metrics.jsonl` is the history of the training. A folder of adapters
over another model is read as the model that both make (`adapters.py`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import field as dataclass_field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from coconut_core.adapters import Lora, add_adapters, base_folder, read_adapters, save_adapters
from coconut_core.bundled import model_folder
from coconut_core.card import ADAPTED_FILES, FILES, FORMAT, config_sha256, files_of, read_card, weights_of
from coconut_core.errors import InputError, one_line
from coconut_core.files import sha256, temporary_folder, write_atomically, writing
from coconut_core.generation import answers
from coconut_core.huggingface import quiet, read_language_model, read_tokenizer
from coconut_core.methods import COCONUT, METHODS, Method
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.problems.records import quotable
from coconut_core.problems.registry import DEFAULT, task_of
from coconut_core.reading import read_json
from coconut_core.stopping import StopClassifier
from coconut_core.tokenizers import ThoughtTokens, add_thought_tokens

LARGEST_TOKENIZER = 1 << 27
"""Bytes of a tokenizer.json, the largest text of a model's folder."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model with what is known of it: what a folder holds."""

    model: CoconutModel
    card: Mapping[str, Any] = dataclass_field(default_factory=dict)
    """The content of `coconut.json`; empty for a model that was not loaded."""
    stop_classifier: StopClassifier | None = None
    folder: Path | None = None
    """Where it was loaded from."""

    @property
    def max_thoughts(self) -> int:
        """The number of thoughts that the model was trained to end with; 6 where nothing is known of its training."""
        return self.card.get("max_thoughts", self.model.method.slot_count(6))

    @property
    def thoughts_per_step(self) -> int:
        """c: thoughts in the place of one reasoning step."""
        return self.card.get("thoughts_per_step", 1)

    @property
    def mixed(self) -> float:
        """Share of training samples whose stage was drawn at random (`uniform_prob`)."""
        return self.card.get("run", {}).get("uniform_prob", 0.0)

    @property
    def label(self) -> str:
        """The model's name in figures: of a trained one that of its method, with c where it is not 1 and the share of
        mixed stages where there is one."""
        if isinstance(known := self.card.get("known"), str):
            return known
        c = "" if self.thoughts_per_step == 1 else f", c = {self.thoughts_per_step}"
        return self.model.method.label + c + (f", {self.mixed:g} mixed" if self.mixed else "")


def load_model(folder: Path | str, device: torch.device | str = "cpu") -> Checkpoint:
    """The checkpoint in a folder, or the bundled one of that name, its model in float32 and evaluation mode.

    `InputError` names the file that is missing, unreadable or at odds with the others.

    >>> loaded = load_model("prosqa_laptop")
    >>> loaded.label, loaded.max_thoughts
    ('Coconut, 0.3 mixed', 6)
    """
    folder, card = _checked(model_folder(folder))
    if is_of_adapters(folder):
        model = _over_base(folder, card, add_adapters)
    else:
        lm, tokenizer = read_language_model(folder), read_tokenizer(folder)
        _require_hash(card, "config_sha256", folder / "config.json", config_sha256)
        _require_tokens(folder, card, tokenizer)
        model = _tried(folder, CoconutModel(lm.float(), tokenizer, METHODS[card["method"]]))
    return Checkpoint(model.to(device).eval(), card, StopClassifier.load(folder, model.lm.config.hidden_size), folder)


def load_adapted(folder: Path, lora: Lora) -> CoconutModel:
    """The model of a folder of adapters, these still beside the weights of the base, to be trained on.

    `InputError` where they are of another shape than `lora`.
    """
    folder, card = _checked(folder)
    if (theirs := _lora(folder, card)) != lora:
        raise InputError(f"lora: {folder} holds adapters with {theirs}; give the same, or start from the base.")
    return _over_base(folder, card, read_adapters)


def is_of_adapters(folder: Path) -> bool:
    """Whether the folder holds adapters, and not all weights of a model."""
    return files_of(folder) == ADAPTED_FILES


def save_model(
    model: CoconutModel,
    folder: Path,
    card: dict[str, Any],
    *,
    half: bool,
    held_out: Sequence[Problem],
    base: Path | None = None,
) -> None:
    """Write a checkpoint; `held_out` is answered by the weights as stored, and the result is part of the card.

    Of a model with adapters these alone are written, and the card says over which `base`. `coconut.json` is written
    last: a folder that has it is whole.
    """
    most = model.method.slot_count(card["run"]["max_latent_stage"] * card["run"]["c_thought"])
    _save_files(model, folder, base, half)
    card = {
        "format_version": FORMAT,
        "code_version": version("coconut-workbench"),
        "method": model.method.name,
        "task": task_of(held_out).name if held_out else card["run"].get("task", DEFAULT),
        "thoughts_per_step": card["run"]["c_thought"],
        "max_thoughts": most,
        "tokens": asdict(model.tokens),
        "parameters": sum(p.numel() for p in model.lm.parameters()),
        **card,
        "model_sha256": sha256(weights_of(folder)),
        "tokenizer_sha256": sha256(folder / "tokenizer.json"),
    }
    if base is None:
        card["config_sha256"] = config_sha256(folder / "config.json")
    else:
        card["base"] = {"folder": str(base), "model_sha256": sha256(base / "model.safetensors")}
    if held_out:
        if base is None:
            stored = CoconutModel(read_language_model(folder).float(), model.tokenizer, model.method)
        else:
            stored = _over_base(folder, card, add_adapters)
        stored = stored.to(model.device).eval()
        accuracy = answers(stored, held_out, ks=range(most + 1)).accuracy
        card["metrics"] = {"n": len(held_out), "accuracy": {str(k): share for k, share in accuracy.items()}}
    write_atomically(folder / "coconut.json", json.dumps(card, indent=2) + "\n")


def base_model(folder: Path, method: Method = COCONUT) -> CoconutModel:
    """A model from a local Hugging Face folder, with the three tokens added where it lacks them.

    As in the official code, the new embeddings start as that of "<<".
    """
    if not (folder / "config.json").is_file():
        raise InputError(
            f"model_id: {folder} is not a local folder of a model; download one there, nothing is fetched."
        )
    lm, tokenizer = read_language_model(folder), read_tokenizer(folder)
    if add_thought_tokens(tokenizer):
        with quiet():
            lm.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        tokens, like = ThoughtTokens.of(tokenizer), tokenizer("<<", add_special_tokens=False)["input_ids"][0]
        for embeddings in (lm.get_input_embeddings().weight.data, lm.get_output_embeddings().weight.data):
            embeddings[[tokens.begin, tokens.thought, tokens.end]] = embeddings[like].clone()
    return _tried(folder, CoconutModel(lm.float(), tokenizer, method))


def _checked(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The folder and its card, once all its files are there and are those of the card."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; give the folder of a model.")
    for name in files_of(folder):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: is missing; copy the whole folder of the model again.")
        if name.endswith(".json") and not isinstance(read_json(folder / name, LARGEST_TOKENIZER), dict):
            raise InputError(f"{folder / name}: holds no fields; copy the file again.")
    card = read_card(folder)
    _require_hash(card, "model_sha256", weights_of(folder), sha256)
    _require_hash(card, "tokenizer_sha256", folder / "tokenizer.json", sha256)
    return folder, card


def _require_tokens(folder: Path, card: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> None:
    if card["tokens"] != asdict(ThoughtTokens.of(tokenizer)):
        raise InputError(
            f"{folder / 'coconut.json'}: field 'tokens' does not match tokenizer.json; they are of different models, "
            "copy the whole folder again."
        )


def _over_base(
    folder: Path, card: Mapping[str, Any], read: Callable[[CoconutModel, Lora, Path], CoconutModel]
) -> CoconutModel:
    """The adapters of a folder over their base, merged with it or not, as `read` does it."""
    base = base_folder(folder, card.get("base"))
    if sha256(base / "model.safetensors") != card["base"]["model_sha256"]:
        raise InputError(
            f"{folder}: its adapters are over other weights than those in {base}; put their own base, or a link to it, "
            "into the folder as base/."
        )
    model = base_model(base, METHODS[card["method"]])
    _require_tokens(folder, card, model.tokenizer)
    return _tried(folder, read(model, _lora(folder, card), weights_of(folder)))


def _lora(folder: Path, card: Mapping[str, Any]) -> Lora:
    try:
        return Lora(**card["run"]["lora"])
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{folder / 'coconut.json'}: field 'lora' of the run is missing; copy the file again."
        ) from error


def _save_files(model: CoconutModel, folder: Path, base: Path | None, half: bool) -> None:
    """All files of a checkpoint but its card: of adapters where there is a `base`, else of the whole model."""
    last = folder / (FILES if base is None else ADAPTED_FILES)[2]
    with temporary_folder(last) as temporary, writing(last), quiet():
        if base is not None:
            save_adapters(model, temporary, str(base), half=half)
        else:
            # GPT-2 has buffers that half precision would spoil, so weights are cast and the model is left alone.
            weights = {name: (value.half() if half else value).cpu() for name, value in model.lm.state_dict().items()}
            dtype, model.lm.config.dtype = model.lm.config.dtype, torch.float16 if half else torch.float32
            model.lm.save_pretrained(temporary, state_dict=weights)
            model.lm.config.dtype = dtype
        model.tokenizer.save_pretrained(temporary)
        for name in files_of(temporary)[1:]:
            (temporary / name).replace(folder / name)


def _require_hash(card: Mapping[str, Any], field: str, path: Path, hashed: Callable[[Path], str]) -> None:
    """Refuse a file that is not the one of the card; cards that are older than the hash do without it."""
    if field in card and card[field] != hashed(path):
        raise InputError(
            f"{path}: is not what field '{field}' of coconut.json says; copy the whole folder of the model again."
        )


def _tried(folder: Path, model: CoconutModel) -> CoconutModel:
    """The model itself, if it embeds all tokens and thinks: `InputError` where a pass of its own files fails."""
    rows = len(model.lm.get_input_embeddings().weight)
    ids = model.tokenizer.get_vocab().values()
    if max(ids, default=0) >= rows:
        raise InputError(
            f"{folder / 'tokenizer.json'}: has {max(ids) + 1} tokens but model.safetensors embeds {rows}; they are of "
            "different models, copy the whole folder again."
        )
    tokens = model.tokens
    question = torch.tensor([[tokens.end_of_text, tokens.begin]])
    try:
        with torch.inference_mode():
            model.logits(model.with_method(COCONUT).think(question, torch.ones_like(question), 2).states)
    except Exception as error:  # whatever the library makes of sizes that do not go together
        raise InputError(
            f"{folder / 'config.json'}: describes a model that cannot think ({quotable(one_line(str(error)))}); copy "
            "the folder again, or give a causal language model."
        ) from error
    return model
