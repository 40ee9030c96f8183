"""Batches of questions of about one length: less padding, the same results in the same order."""

from hypothesis import given
from hypothesis import strategies as st

from coconut_core.encoding import batches
from coconut_core.generation import answers
from coconut_core.problems.problem import Problem


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 9))
def test_batches_are_of_one_length_and_in_order(lengths, size):
    found = list(batches([Problem("x" * length, "", ()) for length in lengths], size))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    assert [len(batch) for batch in found[:-1]] == [size] * (len(found) - 1)
    assert all(batch == sorted(batch) for batch in found)
    for shorter, longer in zip(found, found[1:], strict=False):
        assert max(lengths[index] for index in shorter) <= min(lengths[index] for index in longer)


def test_answers_are_those_of_each_problem_whatever_the_batch(tiny_model, problems):
    done = []
    given_order = answers(tiny_model, problems, ks=(0, 2), batch_size=5, max_new_tokens=8, progress=done.append)
    for problem, text, tokens in zip(problems, given_order.text, given_order.tokens, strict=True):
        alone = answers(tiny_model, [problem], ks=(0, 2), max_new_tokens=8)
        assert alone.text == (text,) and (alone.tokens[0] == tokens).all()
    assert done == [5, 10, 12]
