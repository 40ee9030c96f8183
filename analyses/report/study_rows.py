"""The rows that the figures of a study are computed from, so that they can be computed again without this program.

`values.csv.gz` has a row for each subject (model or control), problem, number of thoughts k and node, with nearly the
columns of `coconut values`: figures 7, 8 and 9, the agreement with a search, the commitment and the reliability are
statistics of it. `answers.csv.gz` has a row for each subject, problem and k, with the words that the model wrote and
the class of its reasoning process: figures 5 and 6 and early stopping are statistics of it. Values have five
significant digits.
"""

import gzip
from collections.abc import Callable

import pandas as pd

from analyses.readings.reasoning_process import ReasoningProcesses
from analyses.readings.study import Study
from analyses.report.tables import csv


def value_rows(study: Study) -> pd.DataFrame:
    """One row for each subject, problem, k and node: the node's value and its place in the graph."""
    rows = pd.concat([study.values(s).frame().assign(subject=s.label) for s in study.subjects], ignore_index=True)
    return rows[["subject", *rows.columns.drop("subject")]]


def answer_rows(study: Study) -> pd.DataFrame:
    """One row for each subject, problem and k: the words, the right answer, whether they agree, and the process."""
    parts = []
    for subject in study.subjects:
        answers = study.answers(subject)
        process = ReasoningProcesses.of(study.problems, answers).process
        for index, k in enumerate(answers.ks):
            words = {
                "subject": subject.label,
                "problem": range(len(study.problems)),
                "k": k,
                "words": [row[index] for row in answers.text],
                "answer": [problem.answer for problem in study.problems],
                "correct": answers.correct[:, index],
                "process": [row[index] for row in process],
            }
            parts.append(pd.DataFrame(words))
    return pd.concat(parts, ignore_index=True)


ROWS: dict[str, Callable[[Study], pd.DataFrame]] = {"values.csv.gz": value_rows, "answers.csv.gz": answer_rows}
"""The rows by the name of their file."""


def packed(rows: pd.DataFrame) -> bytes:
    """The rows as gzipped CSV; the same rows give the same bytes."""
    return gzip.compress(csv(rows, float_format="%.5g").encode(), mtime=0)
