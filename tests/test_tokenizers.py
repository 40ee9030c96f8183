"""The word-level vocabulary and ProsQA's text."""

from coconut_core.encoding import EncodedQuestion, Encoder, pad_left
from coconut_core.problems.gsm8k.task import GSM8K
from coconut_core.problems.registry import load_problems
from coconut_core.tokenizers import ThoughtTokens, word_level_tokenizer


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


def test_with_single_digits_numbers_survive_and_any_number_is_known():
    tokenizer = word_level_tokenizer(list(GSM8K.vocabulary), digits=True)
    problems = [*GSM8K.sample(GSM8K.settings(), 50, 0), *GSM8K.sample(GSM8K.settings(numbers=(2, 9_999)), 20, 0)]
    for problem in problems:
        for text in (problem.question, " ".join(problem.steps), f"### {problem.answer}"):
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            assert tokenizer.decode(ids) == text and tokenizer.unk_token_id not in ids
    tokens = tokenizer.tokenize("<<105-20=85>>")
    assert tokens == ["<<", "1", "0", "5", "-", "2", "0", "=", "8", "5", ">>"]
    assert tokenizer.decode(tokenizer("He has 3 pens, 12 cups and 5. ### 7")["input_ids"]).endswith("### 7")


def test_the_words_of_a_file_are_all_that_its_texts_need(official_gsm8k):
    problems = load_problems(official_gsm8k)[:200]
    tokenizer = word_level_tokenizer([*GSM8K.vocabulary, *GSM8K.words(problems)], digits=True)
    unknown = [
        text
        for p in problems
        for text in (*p.steps, p.answer)
        if tokenizer.unk_token_id in tokenizer(text)["input_ids"]
    ]
    assert unknown == []
    unread = [p.question for p in problems if tokenizer.unk_token_id in tokenizer(p.question)["input_ids"]]
    assert unread == []
