"""Text from files and models is shown as text: nothing in it is markup to plotly, markdown or HTML."""

import re

from coconut_core.errors import one_line

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def truncated(text: str, characters: int) -> str:
    """The text, or its beginning and an ellipsis, in at most `characters` (1 or more) characters."""
    return text if len(text) <= characters else text[: max(characters - 1, 0)] + "…"


def for_plotly(text: str) -> str:
    """Escape for plotly, which reads a part of HTML in every text and TeX between dollar signs."""
    text = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("$", "&#36;")


def for_markdown(text: str) -> str:
    """Escape for Streamlit's markdown: every ASCII punctuation mark gets its backslash."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text))
