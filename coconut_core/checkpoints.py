"""Models as folders, and folders as models.

A checkpoint is a Hugging Face folder that `AutoModelForCausalLM` and `AutoTokenizer` load without us (`config.json`,
`model.safetensors`, `tokenizer.json`, `tokenizer_config.json`), with `coconut.json` beside it: format version, how the
model thinks, the ids of the three tokens, the full run config, hashes of the data, the command, and what was measured
on held-out problems with exactly these weights. `metrics.jsonl` is the history of the training.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from coconut_core.card import FILES, FORMAT, read_card, read_json
from coconut_core.encoding import ANSWER_MARK, Problem
from coconut_core.errors import InputError
from coconut_core.files import sha256, write_atomically
from coconut_core.generation import answers
from coconut_core.methods import COCONUT, METHODS, Method
from coconut_core.model import CoconutModel
from coconut_core.problems.prosqa.files import load_problems
from coconut_core.problems.prosqa.sampler import PERSONS, SPECIES
from coconut_core.problems.questions import task_of
from coconut_core.stopping import StopClassifier
from coconut_core.tokenizers import ThoughtTokens, add_thought_tokens, word_level_tokenizer
from coconut_core.training.config import ModelShape, RunConfig
from coconut_core.training.offset_heads import set_offset_heads


def load_model(folder: Path | str, device: torch.device | str = "cpu") -> CoconutModel:
    """The model of a checkpoint folder, in float32 and evaluation mode.

    Its `card` is the content of `coconut.json`, its `stop_classifier` the folder's or None.

    `InputError` names the file that is missing, unreadable or at odds with the others.
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
                f"{folder / name}: is not what field '{field}' of coconut.json tells of; copy the whole folder of the "
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
    model.card = card
    model.stop_classifier = StopClassifier.load(folder, lm.config.hidden_size)
    return model


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
        "task": task_of(held_out) if held_out else "prosqa",
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
        told = answers(stored, held_out, ks=range(most + 1))
        card["metrics"] = {"n": len(held_out), "accuracy": {str(k): v for k, v in told.accuracy.items()}}
    write_atomically(folder / "coconut.json", json.dumps(card, indent=2) + "\n")


def initial_model(config: RunConfig) -> CoconutModel:
    """The model that a run starts from: random weights of a shape, a base model's folder, or a finished run's."""
    method = METHODS[config.method]
    if config.load_model_path:
        model = load_model(config.load_model_path).train()
        # The weights are taken over, and nothing of how they were trained.
        model.method, model.card, model.stop_classifier = method, {}, None
        return model
    if config.model is not None:
        tokenizer = word_level_tokenizer(_words(config))
        return CoconutModel(_from_shape(config.model, tokenizer), tokenizer, method)
    return base_model(Path(config.model_id), method)


def base_model(folder: Path, method: Method = COCONUT) -> CoconutModel:
    """A model from a local Hugging Face folder, with the three tokens added where it lacks them.

    As in the official code, the new embeddings start as that of "<<".
    """
    if not (folder / "config.json").is_file():
        raise InputError(f"model_id: {folder} is no local folder of a model; download one there, nothing is fetched.")
    tokenizer, lm = _tokenizer(folder), _language_model(folder)
    if add_thought_tokens(tokenizer):
        with _quiet():
            lm.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        tokens, like = ThoughtTokens.of(tokenizer), tokenizer("<<", add_special_tokens=False)["input_ids"][0]
        for embeddings in (lm.get_input_embeddings().weight.data, lm.get_output_embeddings().weight.data):
            embeddings[[tokens.begin, tokens.thought, tokens.end]] = embeddings[like].clone()
    return CoconutModel(lm.float(), tokenizer, method)


def data_hash(config: RunConfig) -> dict[str, str]:
    """SHA-256 of the training file, or of the description of the worlds that fresh problems are drawn from; and of the
    weights that the run starts from, if these are another run's."""
    start = Path(config.load_model_path) / "model.safetensors" if config.load_model_path else None
    hashes = {"start_sha256": sha256(start)} if start else {}
    if config.train_path:
        return {"train_sha256": sha256(config.train_path), **hashes}
    worlds = json.dumps(config.as_dict()["worlds"], sort_keys=True)
    return {"worlds_sha256": hashlib.sha256(f"{config.seed} {worlds}".encode()).hexdigest(), **hashes}


def _words(config: RunConfig) -> list[str]:
    """Vocabulary of a model from scratch: ProsQA's words, and those of the training file."""
    words = ["Every", "is", "a", ".", "Is", "or", "?", ANSWER_MARK, *PERSONS, *SPECIES]
    if config.train_path:
        words += sorted({name for problem in load_problems(config.train_path) for name in problem.names})
    return words


def _from_shape(shape: ModelShape, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    common = {
        "vocab_size": len(tokenizer),
        "initializer_range": shape.initial_std,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if shape.family == "llama":
        lm = LlamaForCausalLM(
            LlamaConfig(
                hidden_size=shape.width,
                intermediate_size=shape.feed_forward,
                num_hidden_layers=shape.layers,
                num_attention_heads=shape.heads,
                max_position_embeddings=shape.positions,
                rope_parameters={"rope_type": "default", "rope_theta": shape.rotary_base},
                attention_bias=bool(shape.offset_heads),
                **common,
            )
        )
        if shape.offset_heads:
            set_offset_heads(lm, shape.offset_heads)
        return lm
    return GPT2LMHeadModel(
        GPT2Config(
            n_embd=shape.width,
            n_inner=shape.feed_forward,
            n_layer=shape.layers,
            n_head=shape.heads,
            n_positions=shape.positions,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            resid_pdrop=0.0,
            **common,
        )
    )


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
