#!/usr/bin/env bash
# The built wheel in an empty environment, outside the clone: its version, a command on bundled names, and every page of the app.
# The libraries are those of .venv (or of PYTHON's environment), so that this takes seconds; the project is the wheel's.
set -euo pipefail
cd "$(dirname "$0")/.."
clone=$PWD python=${PYTHON:-$PWD/.venv/bin/python}
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1
unset COCONUT_ARTIFACTS COCONUT_MODELS PYTHONPATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m pip wheel --quiet --no-deps --wheel-dir "$work" .
wheel=$(echo "$work"/*.whl)
size=$(stat -c %s "$wheel")
echo "$(basename "$wheel"): $size bytes"
test "$size" -lt 10000000

"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --no-deps "$wheel"
installed=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# Appended to the path as it is: the .pth file of the clone itself, which lies there too, is not followed.
"$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$installed/libraries.pth"

mkdir "$work/elsewhere"
cd "$work/elsewhere"
coconut=$work/venv/bin/coconut
"$work/venv/bin/python" - "$installed" <<'END'
import sys
from importlib.metadata import distribution
from pathlib import Path

import analyses, coconut_core, workbench

for package in (coconut_core, analyses, workbench):
    assert Path(package.__file__).is_relative_to(sys.argv[1]), package.__file__
project = distribution("coconut-workbench")
assert project.metadata["License-Expression"] == "Apache-2.0"
assert {"LICENSE", "NOTICE"} <= {path.name for path in project.files}, project.files
END
"$coconut" --version
"$coconut" values prosqa_laptop laptop --first 3 --out values.csv
test "$(wc -l < values.csv)" -gt 100
"$coconut" data check official_size
"$python" "$clone/.ci/visit_app.py" "$coconut"
echo "the wheel works alone"
