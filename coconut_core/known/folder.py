"""Known models as checkpoint folders, like any other."""

from pathlib import Path

from coconut_core.checkpoints import Checkpoint, save_model
from coconut_core.errors import InputError
from coconut_core.files import atomic_folder, require_new_folder
from coconut_core.known.algorithms import KNOWN
from coconut_core.model import CoconutModel
from coconut_core.problems.records import shown
from coconut_core.problems.registry import DEFAULT, task_named
from coconut_core.tokenizers import word_level_tokenizer

THOUGHTS = 6
"""As many as the paper's models think, and as the longest official chains have steps."""


def known_model(name: str) -> CoconutModel:
    """The model `name` of `KNOWN`, in float32; `InputError` if there is none of that name.

    >>> from coconut_core import load_problems
    >>> from coconut_core.generation import answers
    >>> problems = load_problems("artifacts/problems/laptop.json")[:20]
    >>> answers(known_model("known_bfs"), problems, ks=(6,)).accuracy
    {6: 1.0}
    """
    if name not in KNOWN:
        raise InputError(f"{shown(name)} is not a known model; choose one of {', '.join(KNOWN)}.")
    tokenizer = word_level_tokenizer(list(task_named(DEFAULT).vocabulary))
    return CoconutModel(KNOWN[name].construct(tokenizer).lm, tokenizer).eval()


def known_checkpoint(name: str) -> Checkpoint:
    """The model `name` as it would be loaded from its folder."""
    return Checkpoint(known_model(name), {"known": name, "max_thoughts": THOUGHTS})


def save_known(name: str, out: Path) -> CoconutModel:
    """Write the model `name` as the checkpoint folder `out`; `InputError` if something is there."""
    require_new_folder(out)
    model = known_model(name)
    card = {"known": name, "command": f"coconut known {name}", "run": {"max_latent_stage": THOUGHTS, "c_thought": 1}}
    with atomic_folder(out) as folder:
        save_model(model, folder, card, half=False, held_out=())
    return model
