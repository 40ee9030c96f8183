"""Where this server may look for models: the folders that it was started with (`coconut app --models`).

Without them, people on the pages could have any folder of the machine looked into.
"""

import os
from pathlib import Path

from coconut_core.errors import InputError

VARIABLE = "COCONUT_MODELS"
"""The environment variable that holds the folders, as `PATH` holds its own."""
USUAL = ("artifacts/models", "runs")
"""Below the current directory: where models are fetched to, and where runs are kept."""


def offered_places() -> tuple[Path, ...]:
    """The folders that were named, the models in which the app offers from the start."""
    return tuple(Path(place) for place in os.environ.get(VARIABLE, "").split(os.pathsep) if place)


def model_places() -> tuple[Path, ...]:
    """The folders below which models can be added."""
    return offered_places() or tuple(Path.cwd() / place for place in USUAL)


def permitted(typed: str) -> Path:
    """The folder of a path that was typed, links followed; `InputError` where it is not below `model_places`."""
    places = model_places()
    try:
        folder = Path(typed).expanduser().resolve()
        if any(folder.is_relative_to(place.resolve()) for place in places):
            return folder
    except (OSError, RuntimeError, ValueError):  # nobody's home, a circle of links, a null character
        pass
    listed = " and ".join(map(str, places))
    raise InputError(
        f"{typed[:200]}: is not below {listed}, where this app looks for models; name a folder there, or start it with "
        "coconut app --models FOLDER."
    )
