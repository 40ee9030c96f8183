"""The one error that a user can cause."""

import unicodedata

LONGEST_MESSAGE = 1_000
"""Characters of a message; of a longer one the middle is left out, since the remedy stands at the end."""
_KEPT_AT_THE_END = 300
_NOT_SHOWN = {"Cc", "Cf", "Zl", "Zp", "Cs"}
"""Unicode categories of what moves a cursor, turns the direction of writing, or is half of a character."""


class InputError(ValueError):
    """Bad input, as one sentence that names the file, the field and the remedy.

    Commands print it and exit with code 2; the app shows it as a message. Anything else that is raised is a
    defect of this project and keeps its traceback. Whatever is quoted in a message, it is one line that can be read.
    """

    def __init__(self, message: str):
        super().__init__(one_readable_line(message))


def one_line(text: str) -> str:
    """The text without control characters and direction overrides, white space collapsed."""
    kept = (" " if unicodedata.category(c) in _NOT_SHOWN else c for c in text)
    return " ".join("".join(kept).split())


def one_readable_line(text: str) -> str:
    """As `one_line`, in at most `LONGEST_MESSAGE` characters, the middle of a longer text left out."""
    if len(text) > LONGEST_MESSAGE:
        text = f"{text[: LONGEST_MESSAGE - _KEPT_AT_THE_END - 3]} … {text[-_KEPT_AT_THE_END:]}"
    return one_line(text)
