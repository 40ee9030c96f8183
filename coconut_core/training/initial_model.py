"""The model that a run starts from, and the hash of what it is trained on."""

import hashlib
import json
from pathlib import Path

from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from coconut_core.adapters import adapted, base_folder, is_adapted
from coconut_core.bundled import model_folder
from coconut_core.card import read_card, weights_of
from coconut_core.checkpoints import base_model, is_of_adapters, load_adapted, load_model
from coconut_core.files import sha256
from coconut_core.methods import METHODS
from coconut_core.model import CoconutModel
from coconut_core.problems.registry import load_problems, task_named, task_of
from coconut_core.speedups.recomputation import recompute_layers
from coconut_core.tokenizers import word_level_tokenizer
from coconut_core.training.config import RunConfig
from coconut_core.training.growth import grown
from coconut_core.training.offset_heads import set_offset_heads
from coconut_core.training.shape import ModelShape


def initial_model(config: RunConfig) -> CoconutModel:
    """The model that a run starts from: random weights of a shape, a base model's folder, or a finished run's, grown if
    the config says so."""
    model = _loaded_or_made(config)
    if config.lora is not None and not is_adapted(model):
        model = adapted(model, config.lora)
    if config.gradient_checkpointing:
        recompute_layers(model.lm)
    return model


def _loaded_or_made(config: RunConfig) -> CoconutModel:
    method = METHODS[config.method]
    if config.load_model_path:
        folder = model_folder(config.load_model_path)
        if config.lora is not None and is_of_adapters(folder):
            return load_adapted(folder, config.lora).with_method(method).train()
        # The weights are taken over, and nothing of how they were trained.
        model = load_model(folder).model.with_method(method)
        return (model if config.grow is None else grown(model, config.grow)).train()
    if config.model is not None:
        tokenizer = word_level_tokenizer(_words(config), digits=task_named(config.task).single_digits)
        return CoconutModel(_from_shape(config.model, tokenizer), tokenizer, method)
    return base_model(Path(config.model_id), method)


def base_of(config: RunConfig) -> Path | None:
    """The folder of the model that the run's adapters are over; None for a run that trains all weights."""
    if config.lora is None:
        return None
    if config.model_id:
        return Path(config.model_id)
    folder = model_folder(config.load_model_path)
    return base_folder(folder, read_card(folder).get("base")) if is_of_adapters(folder) else folder


def data_hash(config: RunConfig) -> dict[str, str]:
    """SHA-256 of the training file, or of the description of the worlds that fresh problems are drawn from; and of the
    weights that the run starts from, if these are another run's."""
    start = weights_of(model_folder(config.load_model_path)) if config.load_model_path else None
    hashes = {"start_sha256": sha256(start)} if start else {}
    if config.train_path:
        return {"train_sha256": sha256(config.train_path), **hashes}
    worlds = json.dumps(config.as_dict()["worlds"], sort_keys=True)
    return {"worlds_sha256": hashlib.sha256(f"{config.seed} {worlds}".encode()).hexdigest(), **hashes}


def _words(config: RunConfig) -> list[str]:
    """Vocabulary of a model from scratch: the words of its task, and those of the training file."""
    words = list(task_named(config.task).vocabulary)
    if config.train_path:
        problems = load_problems(config.train_path)
        words += task_of(problems).words(problems)
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
