"""Problems as token ids, laid out as the official code does: one text a line, "### " before the answer.

The question's line is followed by `<bot>`. Whether a line end is a token is the tokenizer's business (GPT-2: yes;
the word-level vocabulary: white space, no).
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from coconut_core.curriculum import EncodedProblem
from coconut_core.tokenizers import ThoughtTokens

ANSWER_MARK = "###"


@runtime_checkable
class Problem(Protocol):
    """What every task offers: texts."""

    question: str
    steps: tuple[str, ...]
    answer: str


class Encoder:
    """Turns texts into token ids with one tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase):
        self._tokenizer = tokenizer
        self.tokens = ThoughtTokens.of(tokenizer)
        self.unknown = tokenizer.unk_token_id

    def texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text as it stands."""
        if not texts:
            return []
        return self._tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)[
            "input_ids"
        ]

    def questions(self, questions: Sequence[str]) -> list[list[int]]:
        """Facts and question of each text, then `<bot>`."""
        return [[*ids, self.tokens.begin] for ids in self.texts([f"{question}\n" for question in questions])]

    def problems(self, problems: Sequence[Problem]) -> list[EncodedProblem]:
        """Questions, steps and answers of `problems`, tokenised together."""
        questions = self.questions([problem.question for problem in problems])
        steps = iter(self.texts([f"{step}\n" for problem in problems for step in problem.steps]))
        answers = self.texts([f"{ANSWER_MARK} {problem.answer}" for problem in problems])
        return [
            EncodedProblem(question, [next(steps) for _ in problem.steps], [*answer, self.tokens.end_of_text])
            for problem, question, answer in zip(problems, questions, answers, strict=True)
        ]


def pad_left(
    rows: Sequence[list[int]], padding: int, device: torch.device | str = "cpu"
) -> tuple[Int[Tensor, "batch column"], Int[Tensor, "batch column"]]:
    """Rows of ids, padded on the left to one width, and their mask (1 where real)."""
    width = max(map(len, rows))
    ids = torch.tensor([[padding] * (width - len(row)) + row for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask
