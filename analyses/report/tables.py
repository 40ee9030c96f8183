"""Tables as CSV, the one place where any is written: of commands, reports, downloads and bundles.

A spreadsheet takes a cell that begins with = + - @ or a tab for a formula and runs it, and texts of a table come from
models, names of nodes and folders. Such a text gets an apostrophe in front, by which spreadsheets know a text (OWASP,
"CSV injection"). Numbers stay as they are, also where a column holds them as texts.
"""

import re
from typing import Any

import pandas as pd

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def csv(frame: pd.DataFrame, *, header: bool = True, float_format: str | None = None) -> str:
    """The table as CSV without an index, lines ended by one character; floats keep every digit without a format."""
    texts = [place for place, kind in enumerate(frame.dtypes) if not pd.api.types.is_numeric_dtype(kind)]
    if texts:
        frame = frame.copy()
        for place in texts:
            frame.isetitem(place, frame.iloc[:, place].astype(object).map(plain_cell))
    frame = frame.rename(columns=plain_cell)
    return frame.to_csv(index=False, header=header, float_format=float_format, lineterminator="\n")


def plain_cell(value: Any) -> Any:
    """The value of a cell, with an apostrophe in front if it is a text that a spreadsheet would take for a formula."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
