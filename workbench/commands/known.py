"""`coconut known`: models whose algorithm is known, to try instruments on.

coconut known known_bfs --out runs/known_bfs
"""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def known(
    name: Annotated[str, typer.Argument(help="known_bfs, known_decoy, known_question or known_single.")],
    out: Annotated[Path, typer.Option(help="Folder to write, a model like any other; NAME if not given.")] = None,
) -> None:
    """Construct a model whose algorithm is known, weight by weight, as a folder that every command and page takes.

    known_bfs searches in its thoughts, known_single follows one path in them, known_decoy searches in them too but
    answers by a rule of the question, and known_question searches in the question while its thoughts hold nothing.
    """
    from coconut_core.known.folder import save_known

    out = out or Path(name)
    save_known(name, out)
    print(out)
