"""Answers that begin with a checked draft are those that are written word by word."""

import itertools
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from coconut_core import generation
from coconut_core.checkpoints import load_model
from coconut_core.generation import answers_from
from coconut_core.model import CoconutModel
from coconut_core.problems.registry import DEFAULT, load_problems
from coconut_core.thoughts import ThoughtBatch, think_about
from tests.conftest import APP, make_tiny_model

KS = tuple(range(5))
DRAFTS = {
    "right": lambda own, other: own,
    "wrong at its last token": lambda own, other: [*own[:-1], other],
    "wrong from its third token on": lambda own, other: [*own[:2], other, *own[3:]],
    "wrong from the start": lambda own, other: [other, *own[1:]],
    "without the end": lambda own, other: own[:3],
    "of one token": lambda own, other: own[:1],
    "longer than the text": lambda own, other: [*own, other, *own],
}
"""From the tokens that the model writes, with the end of the text where it ends, and a token that it never writes."""


@dataclass(frozen=True)
class Writing:
    """A model and what it writes on some thoughts."""

    model: CoconutModel
    batch: ThoughtBatch
    own: list[list[list[int]]]
    """Its tokens by row and k, up to 12, with the end where it ends before."""
    other: int
    """A token that it never writes."""


@pytest.fixture(scope="module")
def writing(tiny_model, problems):
    """The tiny model with another end of the text, at which about half of its texts end."""
    model = CoconutModel(tiny_model.lm, tiny_model.tokenizer).eval()
    batch = think_about(model, problems[:4], max(KS))
    texts = [ids for row in words(model, batch, 12) for ids in row]
    holding = Counter(token for ids in texts for token in {*ids} - {ids[0]})
    end = min(holding, key=lambda token: abs(holding[token] - len(texts) / 2))
    model.tokens = replace(model.tokens, end_of_text=end)
    own = [[ids if len(ids) == 12 else [*ids, end] for ids in row] for row in words(model, batch, 12)]
    ended = sum(ids[-1] == end for row in own for ids in row)
    assert 4 < ended < 18
    return Writing(model, batch, own, min({*range(60)} - {*itertools.chain(*itertools.chain(*own))}))


@torch.inference_mode()
def words(model, batch, most):
    """The tokens that the model writes one by one, by row and k."""
    openings = [[[question.opening] for _ in KS] for question in batch.questions]
    return generation.write(model, batch.thoughts, openings, KS, most)


def draft(monkeypatch, drafts):
    """Let `drafts`, by row and k, be taken for the right texts."""
    monkeypatch.setattr(generation, "_right_texts", lambda *_: drafts)


def assert_same(model, batch, ks, **options):
    """Both ways to write say the same."""
    alone = answers_from(model, batch, ks, **options)
    drafted = answers_from(model, batch, ks, draft=True, **options)
    assert drafted.text == alone.text and drafted.ks == alone.ks
    np.testing.assert_array_equal(drafted.tokens, alone.tokens)
    np.testing.assert_array_equal(drafted.correct, alone.correct)
    return alone


@pytest.mark.parametrize("most", [0, 1, 4, 12])
@pytest.mark.parametrize("kind", [*DRAFTS, "a different kind each"])
def test_whatever_the_draft_the_words_are_the_model_s_own(writing, monkeypatch, kind, most):
    """Drafts are of up to 12 tokens: with fewer allowed, writing stops within them."""
    kinds = list(DRAFTS.values()) if kind.startswith("a different") else [DRAFTS[kind]]
    draft(
        monkeypatch,
        [
            [kinds[(5 * row + at) % len(kinds)](ids, writing.other) for at, ids in enumerate(each)]
            for row, each in enumerate(writing.own)
        ],
    )
    written = assert_same(writing.model, writing.batch, KS, max_new_tokens=most)
    assert written.tokens.max() == most


def test_a_right_draft_takes_one_pass_and_a_wrong_one_no_more_than_none(writing, monkeypatch):
    passes = []
    for drafts in (writing.own, [[[writing.other] * 12 for _ in row] for row in writing.own], None):
        draft(monkeypatch, drafts)
        seen = []
        hook = writing.model.lm.base_model.register_forward_hook(lambda *_, seen=seen: seen.append(1))
        answers_from(writing.model, writing.batch, KS, draft=drafts is not None, max_new_tokens=12)
        hook.remove()
        passes.append(len(seen))
    # A text of as many tokens as are allowed is found to go on by one more pass.
    assert passes == [2, 13, 13]


@pytest.mark.parametrize("room", [1, 2, 6])
def test_with_learned_positions_a_draft_ends_where_they_do(problems, monkeypatch, room):
    """Texts opened after four thoughts have room for `room` tokens; drafts are longer."""
    model = make_tiny_model("gpt2").double()
    long = think_about(model, problems[:1], max(KS))
    own, opened = words(model, long, 20), int(long.thoughts.begin[0]) + 1 + max(KS) + 1
    model.lm.config.n_positions = opened + room
    positions = model.lm.transformer.wpe.weight.data[: opened + room].clone()
    model.lm.transformer.wpe = torch.nn.Embedding.from_pretrained(positions)
    batch = think_about(model, problems[:1], max(KS))
    for kind in ("right", "wrong from its third token on"):
        draft(monkeypatch, [[DRAFTS[kind](ids, 3) for ids in row] for row in own])
        assert assert_same(model, batch, KS, max_new_tokens=50).tokens.max() == room


def test_drafts_of_a_trained_model_are_the_right_texts(monkeypatch):
    """Where it answers rightly and where it does not, after a forced chain and in any order of k."""
    model = load_model(APP.parent / "artifacts" / "models" / f"{DEFAULT}_laptop").model.double()
    problems = load_problems(APP.parent / "artifacts" / "problems" / "laptop_500.json")[:6]
    batch = think_about(model, problems, 4)
    written = assert_same(model, batch, (4, 0, 1, 2, 3), max_new_tokens=64)
    assert 0.5 < written.correct.mean() < 1
    assert_same(model, batch, (0, 2), chain=True, max_new_tokens=64)
    assert_same(model, batch, (0, 3), max_new_tokens=5)


def test_texts_that_have_ended_take_no_part_in_what_is_written_on(writing, monkeypatch):
    """Only as many columns are computed as some row has texts that go on, and of rows all of whose texts have ended
    no more than half are; the words are those of each row alone, also without a cache."""
    batch, computed = think_about(writing.model, writing.batch.problems, max(KS)), []
    hook = writing.model.lm.base_model.register_forward_pre_hook(
        lambda module, args, kwargs: computed.append(kwargs["inputs_embeds"].shape[:2]), with_kwargs=True
    )
    openings = [[[question.opening] for _ in KS] for question in batch.questions]
    with torch.inference_mode():
        generation.write(writing.model, batch.thoughts, openings, KS, 12)
    hook.remove()
    # A text that ends is computed once more than it has tokens after the opening: what ends it is computed too.
    lengths = np.array([[min(len(ids) + 1, 13) if len(ids) == 12 else len(ids) for ids in row] for row in writing.own])
    assert computed[0][0] == len(lengths) and len(computed) == lengths.max()
    for step, (rows, columns) in enumerate(computed[1:], start=1):
        going = lengths > step
        assert columns == going.sum(1).max() and going.any(1).sum() <= rows < max(2 * going.any(1).sum(), 2)
    own = [[[t for t in ids if t != writing.model.tokens.end_of_text] for ids in row] for row in writing.own]
    for row, problem in enumerate(writing.batch.problems):
        assert words(writing.model, think_about(writing.model, [problem], max(KS)), 12) == [own[row]]
    monkeypatch.setattr(writing.model, "has_cache", False)
    assert words(writing.model, think_about(writing.model, writing.batch.problems, max(KS)), 12) == own
