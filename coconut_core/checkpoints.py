"""Models as folders, and folders as models.

A checkpoint is a Hugging Face folder that `AutoModelForCausalLM` and `AutoTokenizer` load without us (`config.json`,
`model.safetensors`, `tokenizer.json`, `tokenizer_config.json`), with `coconut.json` beside it: format version, how the
model thinks, the ids of the three tokens, the full run config, hashes of the data, the command, and what was measured
on held-out problems with exactly these weights. `metrics.jsonl` is the history of the training.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import field as dataclass_field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from coconut_core.card import FILES, FORMAT, read_card, read_json
from coconut_core.errors import InputError
from coconut_core.files import sha256, write_atomically
from coconut_core.generation import answers
from coconut_core.methods import COCONUT, METHODS, Method
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import DEFAULT, task_of
from coconut_core.stopping import StopClassifier
from coconut_core.tokenizers import ThoughtTokens, add_thought_tokens


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
        """The method's name in figures, with c where it is not 1 and the share of mixed stages where there is one."""
        c = "" if self.thoughts_per_step == 1 else f", c = {self.thoughts_per_step}"
        return self.model.method.label + c + (f", {self.mixed:g} mixed" if self.mixed else "")


def load_model(folder: Path | str, device: torch.device | str = "cpu") -> Checkpoint:
    """The checkpoint in a folder, its model in float32 and evaluation mode.

    `InputError` names the file that is missing, unreadable or at odds with the others.

    >>> loaded = load_model("artifacts/models/prosqa_laptop")
    >>> loaded.label, loaded.max_thoughts
    ('Coconut, 0.3 mixed', 6)
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; give the folder of a model.")
    for name in FILES:
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: is missing; copy the whole folder of the model again.")
        if name.endswith(".json") and not isinstance(read_json(folder / name), dict):
            raise InputError(f"{folder / name}: holds no fields; copy the file again.")
    card = read_card(folder)
    for field, name in (("model_sha256", "model.safetensors"), ("tokenizer_sha256", "tokenizer.json")):
        if card.get(field, found := sha256(folder / name)) != found:
            raise InputError(
                f"{folder / name}: is not what field '{field}' of coconut.json says; copy the whole folder of the "
                "model again."
            )
    tokenizer = _tokenizer(folder)
    lm = _language_model(folder)
    found = asdict(ThoughtTokens.of(tokenizer))
    if card["tokens"] != found:
        raise InputError(
            f"{folder / 'coconut.json'}: field 'tokens' does not match tokenizer.json; they are of different models, "
            "copy the whole folder again."
        )
    rows = lm.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise InputError(
            f"{folder / 'tokenizer.json'}: has {len(tokenizer)} tokens but model.safetensors embeds {rows}; they are "
            "of different models, copy the whole folder again."
        )
    model = CoconutModel(lm.float(), tokenizer, METHODS[card["method"]]).to(device).eval()
    return Checkpoint(model, card, StopClassifier.load(folder, lm.config.hidden_size))


def save_model(
    model: CoconutModel, folder: Path, card: dict[str, Any], *, half: bool, held_out: Sequence[Problem]
) -> None:
    """Write a checkpoint; `held_out` is answered by the weights as stored, and the result is part of the card.

    `coconut.json` is written last: a folder that has it is whole.
    """
    most = model.method.slot_count(card["run"]["max_latent_stage"] * card["run"]["c_thought"])
    with tempfile.TemporaryDirectory(dir=folder) as temporary, _quiet():
        # GPT-2 has buffers that half precision would spoil, so weights are cast and the model is left alone.
        weights = {name: (value.half() if half else value).cpu() for name, value in model.lm.state_dict().items()}
        dtype, model.lm.config.dtype = model.lm.config.dtype, torch.float16 if half else torch.float32
        model.lm.save_pretrained(temporary, state_dict=weights)
        model.lm.config.dtype = dtype
        model.tokenizer.save_pretrained(temporary)
        for name in FILES[1:]:
            (Path(temporary) / name).replace(folder / name)
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
    }
    if held_out:
        stored = CoconutModel(_language_model(folder).float(), model.tokenizer, model.method)
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
    tokenizer, lm = _tokenizer(folder), _language_model(folder)
    if add_thought_tokens(tokenizer):
        with _quiet():
            lm.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        tokens, like = ThoughtTokens.of(tokenizer), tokenizer("<<", add_special_tokens=False)["input_ids"][0]
        for embeddings in (lm.get_input_embeddings().weight.data, lm.get_output_embeddings().weight.data):
            embeddings[[tokens.begin, tokens.thought, tokens.end]] = embeddings[like].clone()
    return CoconutModel(lm.float(), tokenizer, method)


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise InputError(f"{folder / 'tokenizer.json'}: cannot be read as a tokenizer; copy the file again.") from error


def _language_model(folder: Path) -> PreTrainedModel:
    weights = folder / "model.safetensors"
    try:
        with safe_open(weights, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise InputError(f"{weights}: cannot be read as safetensors; copy the file again.") from error
    try:
        with _quiet():
            lm, found = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    except Exception as error:
        raise InputError(
            f"{folder / 'config.json'}: does not describe the weights in model.safetensors; copy the folder again."
        ) from error
    wrong = [*found["missing_keys"], *found["unexpected_keys"], *found["mismatched_keys"]]
    if wrong:
        raise InputError(
            f"{weights}: does not match config.json (first at {wrong[0]}); copy the whole folder of the model again."
        )
    return lm


class _quiet:
    """Silence the library's progress bars and load reports; what they would say is raised as errors here."""

    def __enter__(self) -> None:
        self._level = transformers_logging.get_verbosity()
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        transformers_logging.set_verbosity(self._level)
        transformers_logging.enable_progress_bar()
