"""The word-level vocabulary and ProsQA's text."""

from coconut_core.encoding import EncodedQuestion, Encoder, pad_left
from coconut_core.tokenizers import ThoughtTokens


def test_texts_survive_the_round_trip(tiny_llama, problems):
    tokenizer = tiny_llama.tokenizer
    for problem in problems:
        for text in (problem.question, *problem.steps, f"### {problem.answer}"):
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            assert tokenizer.decode(ids) == text
            assert tokenizer.unk_token_id not in ids


def test_every_name_is_one_token(tiny_llama):
    from coconut_core.problems.prosqa.sampler import PERSONS, SPECIES

    assert {len(ids) for ids in Encoder(tiny_llama.tokenizer).texts([*PERSONS, *SPECIES])} == {1}


def test_the_five_special_tokens_differ(tiny_llama):
    tokens = ThoughtTokens.of(tiny_llama.tokenizer)
    ids = [tokens.begin, tokens.thought, tokens.end, tokens.end_of_text, tokens.padding]
    assert len(set(ids)) == 5


def test_problems_are_laid_out_as_the_official_code_does(tiny_llama, problems):
    encoder, problem = Encoder(tiny_llama.tokenizer), problems[0]
    (encoded,) = encoder.problems([problem])
    decode = tiny_llama.tokenizer.decode
    assert decode(encoded.question[:-1]) == problem.question
    assert encoded.question[-1] == encoder.tokens.begin
    assert tuple(decode(step) for step in encoded.steps) == problem.steps
    assert decode(encoded.answer[:-1]) == f"### {problem.answer}"
    assert encoded.answer[-1] == encoder.tokens.end_of_text


def test_padding_is_on_the_left():
    ids, mask = pad_left([EncodedQuestion([5], 9), EncodedQuestion([6, 7, 8], 9)], 0)
    assert ids.tolist() == [[0, 0, 5], [6, 7, 8]]
    assert mask.tolist() == [[0, 0, 1], [1, 1, 1]]
