"""CSV that a spreadsheet can open: no text of it is run as a formula, and every other value is as it was."""

import gzip
import io
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.report import export, study_rows
from analyses.report.bundles import bundle
from analyses.report.tables import csv

FORMULAS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    '=HYPERLINK("x")',
    "-",
    "=",
    "--1",
]
PLAIN = ["lempus", "", "'=1", " =1", "-5", "+3.5", "-1e-9", "-.5", "1,000", "5 - 3", "a\t=1", "ünïcode", 'say "so"']
ROOT = Path(__file__).parents[1]


def read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text, newline=""), keep_default_na=False, dtype=str, lineterminator="\n")


@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_texts_that_begin_a_formula_get_an_apostrophe_and_nothing_else_changes(dtype):
    texts = FORMULAS + PLAIN
    frame = pd.DataFrame({"=name": pd.Series(texts, dtype=dtype), "number": np.arange(len(texts)) - 3.5})
    found = read(csv(frame))
    assert found["'=name"].tolist() == ["'" + text for text in FORMULAS] + PLAIN
    assert found["number"].astype(float).tolist() == frame["number"].tolist()
    assert frame.columns[0] == "=name" and frame.iloc[0, 0] == "=1+1"


def test_a_table_without_such_texts_is_what_pandas_writes():
    frame = pd.DataFrame(
        {
            "text": PLAIN,
            "mixed": [None, -1, -2.5, True, "x", np.nan, np.inf, "-7", *"abcde"],
            "whole": pd.array([None, -1, *range(11)], dtype="Int64"),
            "right": [True, False] * 6 + [True],
            "share": np.linspace(-1, 1, 13),
        }
    )
    assert csv(frame) == frame.to_csv(index=False, lineterminator="\n")
    few = csv(frame, header=False, float_format="%.3g")
    assert few == frame.to_csv(index=False, header=False, float_format="%.3g", lineterminator="\n")


def test_every_csv_is_written_in_one_place():
    found = subprocess.run(
        ["git", "grep", "-lE", r"\.to_csv\(|csv\.writer|DictWriter", "--", "*.py", ":!tests"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert found.stdout.split() == ["analyses/report/tables.py"]


def test_downloads_bundles_and_rows_write_through_it():
    evil = pd.DataFrame({"model": ["=evil()"]})
    assert export.csv(evil) == b"model\n'=evil()\n"
    with zipfile.ZipFile(io.BytesIO(bundle({}, {"values": evil}, {}, {}))) as archive:
        assert archive.read("values.csv") == b"model\n'=evil()\n"
    assert gzip.decompress(study_rows.packed(evil)) == b"model\n'=evil()\n"
