"""Texts that are drawn: from the model's own distribution, after thoughts and after words."""

import copy
from collections import Counter

import numpy as np
import pytest

from analyses.figures.search.roll_outs import _measures
from analyses.readings.reasoning_process import written_chain
from analyses.readings.roll_outs import roll_outs
from coconut_core import load_model, load_problems
from coconut_core.definition import implicit_value
from coconut_core.encoding import Encoder
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from tests.conftest import every_shape
from tests.test_figures import PROBLEM


def decided(model: CoconutModel) -> CoconutModel:
    """The same model, so sure of itself that drawing is greedy writing."""
    lm = copy.deepcopy(model.lm)
    # Embeddings may be shared with the head: what is fed stays as it was.
    if lm.get_input_embeddings().weight is lm.get_output_embeddings().weight:
        lm.set_input_embeddings(copy.deepcopy(lm.get_input_embeddings()))
    lm.get_output_embeddings().weight.data *= 1e6
    return CoconutModel(lm, model.tokenizer, model.method).eval()


@every_shape
def test_who_is_sure_draws_what_is_written_greedily(tiny_model, problems):
    model, ks = decided(tiny_model), (0, 1, 3)
    drawn = roll_outs(model, problems[:5], ks=ks, samples=7, max_new_tokens=9)
    greedy = answers(tiny_model, problems[:5], ks=ks, max_new_tokens=9)
    assert drawn.drawn == tuple(tuple(((text, 7),) for text in row) for row in greedy.text)


def test_texts_are_drawn_as_often_as_they_are_probable(tiny_model, problems):
    samples, k, problem = 4000, 2, problems[0]
    (((*texts,),),) = roll_outs(tiny_model, [problem], ks=(k,), samples=samples, max_new_tokens=2).drawn
    assert sum(count for _, count in texts) == samples and len(texts) > 10
    encoder = Encoder(tiny_model.tokenizer)
    (question,) = encoder.questions([problem.question])
    for text, count in texts[:5]:
        (ids,) = encoder.texts([text])
        if len(ids) == 2:
            expected = implicit_value(tiny_model.lm, question.ids, k, [tiny_model.tokens.end], ids)
            assert count / samples == pytest.approx(expected, abs=5 * np.sqrt(expected / samples))


def test_the_same_arguments_draw_the_same_texts(tiny_llama, problems):
    options = {"ks": (0, 2), "samples": 5, "max_new_tokens": 4}
    first, again, other = (roll_outs(tiny_llama, problems[:3], seed=seed, **options) for seed in (1, 1, 2))
    assert first == again != other


def test_in_words_the_first_steps_are_the_model_s_own():
    loaded, problems = load_model("prosqa_laptop"), load_problems("laptop")[:4]
    greedy = answers(loaded.model, problems, ks=(0,))
    drawn = roll_outs(decided(loaded.model), problems, ks=(0, 1, 6), samples=3, in_words=True)
    for problem, (whole,), by_k in zip(problems, greedy.text, drawn.drawn, strict=True):
        chain = written_chain(problem, whole, 0)
        for k, ((text, count),) in zip(drawn.ks, by_k, strict=True):
            assert count == 3 and whole.endswith(text)
            assert written_chain(problem, text, k) == chain[k:]


def test_texts_are_counted_by_step_and_answer():
    right, wrong = "### Tom is a wumpus.", "### Tom is a numpus."
    texts = Counter({f"Every rompus is a wumpus. {right}": 3, f"Every rompus is a wumpus. {wrong}": 1, wrong: 2})
    assert _measures(PROBLEM, 1, texts) == (2, 2, 1.0, 0.5)
    assert _measures(PROBLEM, 1, Counter({"Every rompus is a": 2})) == (1, 1, 0.0, 0.0)
