"""Models as folders, and folders as models.

A checkpoint is a Hugging Face folder that `AutoModelForCausalLM` and `AutoTokenizer` load without us (`config.json`,
`model.safetensors`, `tokenizer.json`, `tokenizer_config.json`), with `coconut.json` beside it: format version, how the
model thinks, the ids of the three tokens, the full run config, hashes of the data, the command, and what was measured
on held-out problems with exactly these weights. `metrics.jsonl` is the history of the training.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import field as dataclass_field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from coconut_core.bundled import model_folder
from coconut_core.card import FILES, FORMAT, config_sha256, read_card
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
    folder = model_folder(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; give the folder of a model.")
    for name in FILES:
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: is missing; copy the whole folder of the model again.")
        if name.endswith(".json") and not isinstance(read_json(folder / name, LARGEST_TOKENIZER), dict):
            raise InputError(f"{folder / name}: holds no fields; copy the file again.")
    card = read_card(folder)
    _require_hash(card, "model_sha256", folder / "model.safetensors", sha256)
    _require_hash(card, "tokenizer_sha256", folder / "tokenizer.json", sha256)
    lm, tokenizer = read_language_model(folder), read_tokenizer(folder)
    _require_hash(card, "config_sha256", folder / "config.json", config_sha256)
    found = asdict(ThoughtTokens.of(tokenizer))
    if card["tokens"] != found:
        raise InputError(
            f"{folder / 'coconut.json'}: field 'tokens' does not match tokenizer.json; they are of different models, "
            "copy the whole folder again."
        )
    model = _tried(folder, CoconutModel(lm.float(), tokenizer, METHODS[card["method"]])).to(device).eval()
    return Checkpoint(model, card, StopClassifier.load(folder, lm.config.hidden_size))


def save_model(
    model: CoconutModel, folder: Path, card: dict[str, Any], *, half: bool, held_out: Sequence[Problem]
) -> None:
    """Write a checkpoint; `held_out` is answered by the weights as stored, and the result is part of the card.

    `coconut.json` is written last: a folder that has it is whole.
    """
    most = model.method.slot_count(card["run"]["max_latent_stage"] * card["run"]["c_thought"])
    weights_file = folder / "model.safetensors"
    with temporary_folder(weights_file) as temporary, writing(weights_file), quiet():
        # GPT-2 has buffers that half precision would spoil, so weights are cast and the model is left alone.
        weights = {name: (value.half() if half else value).cpu() for name, value in model.lm.state_dict().items()}
        dtype, model.lm.config.dtype = model.lm.config.dtype, torch.float16 if half else torch.float32
        model.lm.save_pretrained(temporary, state_dict=weights)
        model.lm.config.dtype = dtype
        model.tokenizer.save_pretrained(temporary)
        for name in FILES[1:]:
            (temporary / name).replace(folder / name)
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
        "model_sha256": sha256(folder / "model.safetensors"),
        "tokenizer_sha256": sha256(folder / "tokenizer.json"),
        "config_sha256": config_sha256(folder / "config.json"),
    }
    if held_out:
        stored = CoconutModel(read_language_model(folder).float(), model.tokenizer, model.method)
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


def _require_hash(card: Mapping[str, Any], field: str, path: Path, hashed: Callable[[Path], str]) -> None:
    """Refuse a file that is not the one of the card; cards that are older than the hash do without it."""
    if field in card and card[field] != hashed(path):
        raise InputError(
            f"{path}: is not what field '{field}' of coconut.json says; copy the whole folder of the model again."
        )


def _tried(folder: Path, model: CoconutModel) -> CoconutModel:
    """The model itself, if it embeds all tokens and thinks: `InputError` where a pass of its own files fails."""
    rows = model.lm.get_input_embeddings().num_embeddings
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
