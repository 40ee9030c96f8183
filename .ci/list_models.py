"""`python .ci/list_models.py`: write the list of the model files with sizes and hashes, for `coconut data fetch`.

To be run whenever a model in artifacts/models changes; a test says when it was forgotten.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from coconut_core.files import sha256, write_atomically

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "artifacts" / "models"
LIST = ROOT / "coconut_core" / "released_models.json"
ADDRESS = "https://coconut-workbench.invalid/releases/v{version}/models"
"""Where the models of a release are to be published. Nothing is yet: .invalid is a domain that can never exist."""


def listed() -> str:
    """The list, as it has to stand in the package."""
    command = ["git", "ls-files", "-z", "--", str(MODELS)]
    names = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split("\0")
    paths = sorted(ROOT / name for name in names if name)
    files = {
        path.relative_to(MODELS).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)} for path in paths
    }
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return json.dumps({"address": ADDRESS.format(version=version), "files": files}, indent=1) + "\n"


if __name__ == "__main__":
    write_atomically(LIST, listed())
    print(LIST)
