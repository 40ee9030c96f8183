"""`python -m examples [NAME ...]`: run the notebooks beside this file and keep what they print and draw.

Each runs in a process of its own, from the project's root. Figures are kept as small PNGs, so that they are seen where
nothing runs; who runs a notebook gets them to hover over and zoom. With --check nothing is written.
"""

import argparse
import base64
import os
import re
import sys
from io import BytesIO
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image
from traitlets.config import Config

FOLDER = Path(__file__).parent
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 120
"""For one cell, after which the notebook has failed."""
# One thread, so that two runs print the same numbers, and no progress bars, which would be kept as text.
SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(FOLDER.parent),
    "PYTHONWARNINGS": "ignore:IProgress not found",
    "TQDM_DISABLE": "1",
}
LOCAL = Config(KernelManager={"transport": "ipc"})
"""Files instead of network ports."""
PICTURES = "import plotly.io as pio; pio.renderers['png'].width = 860; pio.renderers['png'].scale = 2"
COLOURS = 128
"""Of a picture: the figures have few, and the file is a fifth."""


def executed(path: Path, renderer: str = "png") -> nbformat.NotebookNode:
    """The notebook with the outputs of a run; `CellExecutionError` quotes the cell that failed.

    `renderer` is plotly's name of what a figure becomes: "png" needs a browser, "json" does not.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        config=LOCAL,
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER.parent)}},
        extra_arguments=[f"--IPKernelApp.exec_lines={PICTURES}"],
    )
    client.execute(env={**os.environ, **SURROUNDINGS, "PLOTLY_RENDERER": renderer})
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = _with_few_colours(output.data["image/png"])
            if output.output_type == "stream":
                output.text = _as_seen(output.text)
    # The version of the Python that happened to run it would change with every machine.
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


def _with_few_colours(png: str) -> str:
    picture = Image.open(BytesIO(base64.b64decode(png))).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    file = BytesIO()
    picture.save(file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def _as_seen(text: str) -> str:
    """What a terminal would show in the end: of a line that is written over, the last state."""
    return re.sub(r"[^\n]*\r(?!\n)", "", text.replace("\r\n", "\n"))


def main() -> None:
    """Run all notebooks, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m examples", description="Run the example notebooks.")
    parser.add_argument("name", nargs="*", help="like 1_look_at_a_problem; all by default")
    parser.add_argument("--check", action="store_true", help="run them, write nothing")
    asked = parser.parse_args()
    known = {path.stem: path for path in NOTEBOOKS}
    for name in asked.name or known:
        if name not in known:
            sys.exit(f"{name}: there is no such notebook; name one of {', '.join(known)}.")
        notebook = executed(known[name])
        if not asked.check:
            nbformat.write(notebook, known[name])
        print(f"{known[name].name}: {known[name].stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
