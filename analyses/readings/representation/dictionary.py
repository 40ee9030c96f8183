"""A sparse dictionary of thoughts: every thought as a sum of a few of many learned directions, its features.

TopK (Gao et al. 2024, arXiv 2406.04093): with x what is fed into a slot,

    a = the `active` largest of (x - b_dec) W_enc + b_enc, where they are positive, and 0 elsewhere
    x = a W_dec + b_dec, about

A folder holds it as SAELens 6 does (`SAE.load_from_disk`): `sae_weights.safetensors` with W_enc, b_enc, W_dec and
b_dec, and `cfg.json` with the architecture "topk". A model's own one is the folder `dictionary` in its folder.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from coconut_core.reading import read_json

FOLDER = "dictionary"
WEIGHTS, CONFIG = "sae_weights.safetensors", "cfg.json"
REMEDY = "make one with `coconut dictionary`"


@dataclass(frozen=True, eq=False)
class Dictionary:
    """The directions, and how to find out which of them are in a vector."""

    encoder: Float[Tensor, "d_model feature"]
    encoder_bias: Float[Tensor, "feature"]
    decoder: Float[Tensor, "feature d_model"]
    """A feature's direction in each row."""
    decoder_bias: Float[Tensor, "d_model"]
    active: int
    """Features that a vector may have."""

    def activations(self, vectors: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch feature"]:
        """How much of each feature is in each vector: at least 0, and 0 of all but `active` ones."""
        inside = (vectors - self.decoder_bias) @ self.encoder + self.encoder_bias
        largest, which = inside.topk(self.active, dim=-1)
        return torch.zeros_like(inside).scatter(-1, which, largest.relu())

    def rebuilt(self, activations: Float[Tensor, "*batch feature"]) -> Float[Tensor, "*batch d_model"]:
        """The vectors that have so much of each feature."""
        return activations @ self.decoder + self.decoder_bias

    def random(self, seed: int) -> "Dictionary":
        """A dictionary of as many random directions about the same middle, as long as this one's: a control."""
        drawn = torch.randn(self.decoder.shape, generator=torch.Generator().manual_seed(seed))
        directions = drawn / drawn.norm(dim=-1, keepdim=True)
        return Dictionary(
            directions.T.contiguous(), torch.zeros_like(self.encoder_bias), directions, self.decoder_bias, self.active
        )

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write both files; `metadata` says what it was learned from."""
        weights = {"W_enc": self.encoder, "b_enc": self.encoder_bias, "W_dec": self.decoder, "b_dec": self.decoder_bias}
        d_model, features = self.encoder.shape
        config = {
            "architecture": "topk",
            "d_in": d_model,
            "d_sae": features,
            "k": self.active,
            "dtype": "float32",
            "device": "cpu",
            "apply_b_dec_to_input": True,
            "normalize_activations": "none",
            "reshape_activations": "none",
            "rescale_acts_by_decoder_norm": False,
            "metadata": dict(metadata),
        }
        # safetensors takes no transposed tensors, and none that share memory.
        stored = {name: each.clone(memory_format=torch.contiguous_format) for name, each in weights.items()}
        write_atomically(folder / WEIGHTS, save(stored))
        write_atomically(folder / CONFIG, json.dumps(config, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path, d_model: int) -> "Dictionary":
        """The dictionary of vectors of `d_model` numbers in a folder; `InputError` names the file that is wrong."""
        path = folder / CONFIG
        config = read_json(path, remedy=REMEDY)
        expected = {
            "architecture": "topk",
            "d_in": d_model,
            "apply_b_dec_to_input": True,
            "normalize_activations": "none",
            "rescale_acts_by_decoder_norm": False,
        }
        for field, value in expected.items():
            if not isinstance(config, dict) or config.get(field) != value:
                raise InputError(f"{path}: field {field!r} is not {json.dumps(value)}; {REMEDY}.")
        features, active = config.get("d_sae"), config.get("k")
        if type(features) is not int or type(active) is not int or not 1 <= active <= features:
            raise InputError(f"{path}: fields 'd_sae' and 'k' are not two sizes, k at most d_sae; {REMEDY}.")
        shapes = {
            "W_enc": (d_model, features),
            "b_enc": (features,),
            "W_dec": (features, d_model),
            "b_dec": (d_model,),
        }
        path = folder / WEIGHTS
        try:
            weights = load_file(path)
        except (OSError, SafetensorError) as error:
            raise InputError(f"{path}: is missing or damaged; {REMEDY}.") from error
        for name, shape in shapes.items():
            found = weights.get(name)
            if found is None or found.shape != shape or not found.isfinite().all():
                raise InputError(f"{path}: {name} is not {' x '.join(map(str, shape))} finite numbers; {REMEDY}.")
        return cls(*(weights[name].float() for name in shapes), active)
