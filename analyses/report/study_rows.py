"""What the figures of a study are computed from, row by row: enough to compute them again without this program.

`values.csv.gz` has a row for each subject, problem, k and node, much as `coconut values` writes them; figures 7, 8 and
9, the agreement with a search, the commitment and the reliability are statistics of its columns. `answers.csv.gz` has a
row for each subject, problem and k, with the words and their class; figures 5 and 6 and early stopping are statistics
of these. Values have five digits.
"""

import gzip
from collections.abc import Callable

import pandas as pd

from analyses.readings.reasoning_process import ReasoningProcesses
from analyses.readings.study import Study


def value_rows(study: Study) -> pd.DataFrame:
    """One row a subject, problem, k and node: the value, and what the node is."""
    rows = pd.concat([study.values(s).frame().assign(subject=s.label) for s in study.subjects], ignore_index=True)
    return rows[["subject", *rows.columns.drop("subject")]]


def answer_rows(study: Study) -> pd.DataFrame:
    """One row a subject, problem and k: the words, the right answer, whether they agree, and the class of the words."""
    parts = []
    for subject in study.subjects:
        told = study.answers(subject)
        process = ReasoningProcesses.of(study.problems, told).process
        for at, k in enumerate(told.ks):
            words = {
                "subject": subject.label,
                "problem": range(len(study.problems)),
                "k": k,
                "words": [row[at] for row in told.text],
                "answer": [problem.answer for problem in study.problems],
                "correct": told.correct[:, at],
                "process": [row[at] for row in process],
            }
            parts.append(pd.DataFrame(words))
    return pd.concat(parts, ignore_index=True)


ROWS: dict[str, Callable[[Study], pd.DataFrame]] = {"values.csv.gz": value_rows, "answers.csv.gz": answer_rows}
"""Files, and what is in them."""


def packed(rows: pd.DataFrame) -> bytes:
    """The rows as compressed CSV; the same rows give the same bytes."""
    return gzip.compress(rows.to_csv(index=False, float_format="%.5g", lineterminator="\n").encode(), mtime=0)
