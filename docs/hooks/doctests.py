"""Examples in docstrings are shown as code: without a fence Markdown takes ">>>" for quotations."""

from typing import Any

import griffe


class Doctests(griffe.Extension):
    """Puts a fence around every block of a docstring that begins with ">>>"."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None and ">>> " in obj.docstring.value:
            blocks = obj.docstring.value.split("\n\n")
            obj.docstring.value = "\n\n".join(
                f"```pycon\n{block}\n```" if block.startswith(">>> ") else block for block in blocks
            )
