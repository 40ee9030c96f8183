"""Problems as token ids, laid out as the official code does: one text a line, "### " before the answer.

The question's line is followed by `<bot>`, for methods that mark their slots. Whether a line end is a token is the
tokenizer's business (GPT-2: yes; the word-level vocabulary: white space, no).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from coconut_core.errors import InputError
from coconut_core.methods import COCONUT, Method
from coconut_core.problems.problem import Problem
from coconut_core.problems.task import ANSWER_MARK
from coconut_core.tokenizers import ThoughtTokens


@dataclass(frozen=True)
class EncodedQuestion:
    """A question as token ids, parted where slots go."""

    ids: list[int]
    """Facts and question up to and with `<bot>`; for a method without marks, up to the last token but one."""
    opening: int
    """The token after the slots: `<eot>`; for a method without marks, the question's last token."""


@dataclass(frozen=True)
class EncodedProblem:
    """A problem as token ids."""

    question: list[int]
    """What is encoded once: facts and question, up to and with `<bot>`; without marks, up to the last token but one."""
    opening: int
    """The token that every text after the question and its slots begins with: `<eot>`, or the question's last token."""
    steps: list[list[int]]
    answer: list[int]
    """"### ..." and the end of the text."""


class Encoder:
    """Turns texts into token ids with one tokenizer, as one method lays them out."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, method: Method = COCONUT):
        self._tokenizer, self._method = tokenizer, method
        self.tokens = ThoughtTokens.of(tokenizer)
        self.unknown = tokenizer.unk_token_id

    def texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text as it stands."""
        if not texts:
            return []
        return self._tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)["input_ids"]

    def first_tokens(self, names: Sequence[str], after: str) -> list[int]:
        """The token that each name begins with where it follows the words `after`: tokenizers mark a word's start."""
        opening, *openings_and_names = self.texts([after, *(f"{after} {name}" for name in names)])
        return [ids[len(opening)] for ids in openings_and_names]

    def questions(self, questions: Sequence[str]) -> list[EncodedQuestion]:
        """Facts and question of each text, split where slots go.

        `InputError` names a word that the vocabulary lacks.
        """
        lines = self.texts([f"{question}\n" for question in questions])
        if self.unknown is not None:
            self._require_known(questions, lines)
        if self._method.marks:
            return [EncodedQuestion([*ids, self.tokens.begin], self.tokens.end) for ids in lines]
        return [EncodedQuestion(ids[:-1], ids[-1]) for ids in lines]

    def _require_known(self, questions: Sequence[str], lines: Sequence[Sequence[int]]) -> None:
        for question, ids in zip(questions, lines, strict=True):
            if self.unknown in ids:
                words = question.replace(".", " ").replace("?", " ").split()
                known = zip(words, self.texts(words), strict=True)
                lacking = next((word for word, ids in known if self.unknown in ids), question)
                raise InputError(
                    f"The model's vocabulary lacks the name {lacking!r}; rename it in the problem or use another model."
                )

    def fact_columns(self, sentences: Sequence[str], question: EncodedQuestion) -> list[tuple[int, int]]:
        """First column of each fact's sentence (`GraphProblem.fact_texts`) and the one after its last, counted from the
        question's first token."""
        pieces = [f"{'' if at == 0 else ' '}{sentence}." for at, sentence in enumerate(sentences)]
        tokens = self.texts(pieces)
        if [token for piece in tokens for token in piece] != question.ids[: sum(map(len, tokens))]:
            raise InputError("The tokenizer merges words of two sentences, so that a fact has no columns of its own.")
        ends = list(accumulate(map(len, tokens)))
        return list(zip([0, *ends[:-1]], ends, strict=True))

    def problems(self, problems: Sequence[Problem]) -> list[EncodedProblem]:
        """Questions, steps and answers of `problems`, tokenised together."""
        questions = self.questions([problem.question for problem in problems])
        steps = iter(self.texts([f"{step}\n" for problem in problems for step in problem.steps]))
        answers = self.texts([f"{ANSWER_MARK} {problem.answer}" for problem in problems])
        return [
            EncodedProblem(
                question.ids,
                question.opening,
                [next(steps) for _ in problem.steps],
                [*answer, self.tokens.end_of_text],
            )
            for problem, question, answer in zip(problems, questions, answers, strict=True)
        ]


def batches(
    problems: Sequence[Problem], size: int, progress: Callable[[int], None] | None = None
) -> Iterator[list[int]]:
    """Indices of `problems` in batches of `size`, questions of about the same length together: less of them is padding.

    Within a batch they stand in the order in which they were given. `progress` is called after each batch with the
    number of problems that are done.
    """
    by_length = sorted(range(len(problems)), key=lambda index: len(problems[index].question))
    for start in range(0, len(problems), size):
        indices = sorted(by_length[start : start + size])
        yield indices
        if progress is not None:
            progress(start + len(indices))


def pad_left(
    questions: Sequence[EncodedQuestion], padding: int, device: torch.device | str = "cpu"
) -> tuple[Int[Tensor, "batch column"], Int[Tensor, "batch column"]]:
    """Questions' ids, padded on the left to one width, and their mask (1 where real)."""
    rows = [question.ids for question in questions]
    width = max(map(len, rows))
    ids = torch.tensor([[padding] * (width - len(row)) + row for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask
