"""The models and the sets of problems that come with the project, and what is meant by a name or a path.

In a clone they are read where they lie, in artifacts/; an installed package has those that the app opens on beside this
module. Where a path exists, it is meant, and not the bundled model or set of that name.
"""

import os
from pathlib import Path

from coconut_core.errors import InputError

LONGEST_NAME = 255
"""Characters: file systems have no longer names."""
VARIABLE = "COCONUT_ARTIFACTS"
"""The environment variable that names another folder of models and problems."""


def artifacts() -> Path:
    """The folder of the bundled models and problems."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    here = Path(__file__).parent
    installed = here / "artifacts"
    return installed if installed.is_dir() else here.parent / "artifacts"


def bundled_models() -> dict[str, Path]:
    """The folders of the bundled models by name."""
    return {card.parent.name: card.parent for card in sorted((artifacts() / "models").glob("*/coconut.json"))}


def bundled_sets() -> dict[str, Path]:
    """The files of the bundled problems, by their path in the folder without the ending; nothing is read yet.

    Files that say where a set comes from (`*_provenance.json`) are left out.
    """
    folder = artifacts() / "problems"
    files = [path for path in sorted(folder.rglob("*.json")) if not path.stem.endswith("_provenance")]
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def model_folder(model: Path | str) -> Path:
    """The folder of a model given by its path or, bundled, by its name; `InputError` for an unknown name.

    >>> model_folder("prosqa_laptop").name
    'prosqa_laptop'
    """
    if os.path.isdir(model):
        return Path(model)
    known = bundled_models()
    if str(model) in known:
        return known[str(model)]
    if _is_name(model):
        raise InputError(
            f"{model}: there is no such folder and no bundled model of this name; give the folder of a model, or one "
            f"of {_listed(known)}."
        )
    return Path(model)


def problem_file(problems: Path | str) -> Path:
    """The file of problems given by its path or, bundled, by its set's name; `InputError` for an unknown name.

    >>> problem_file("laptop").name
    'laptop.json'
    """
    if os.path.exists(problems) and not os.path.isdir(problems):
        return Path(problems)
    known = bundled_sets()
    if str(problems) in known:
        return known[str(problems)]
    if _is_name(problems) and not os.path.isdir(problems):
        raise InputError(
            f"{problems}: there is no such file and no bundled set of this name; give a JSON file of problems, or one "
            f"of {_listed(known)}."
        )
    return Path(problems)


def _is_name(given: Path | str) -> bool:
    """Whether it may be meant as a name: of a path that leads nowhere its reader says more."""
    return Path(given).name == str(given) and not Path(given).suffix and len(str(given)) <= LONGEST_NAME


def _listed(known: dict[str, Path]) -> str:
    return ", ".join(known) or f"those in {artifacts()}, where there are none"
