"""Tokenizers: a word-level one of our own vocabulary, or any Hugging Face one, with the three tokens of Coconut."""

from dataclasses import dataclass

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from coconut_core.errors import InputError

BEGIN_THOUGHTS = "<|start-latent|>"
THOUGHT = "<|latent|>"
END_THOUGHTS = "<|end-latent|>"
PADDING, UNKNOWN, END_OF_TEXT = "<pad>", "<unk>", "<eos>"
_INSIDE_EQUATIONS = r"(?<=\d) (?=\d)|(?<=[-+*/=(]|<<) (?=[\d(])|(?<=[\d)]) (?=[-+*/=)]|>>)"
"""Spaces between digits, and between them and what stands beside them in an equation."""


@dataclass(frozen=True)
class ThoughtTokens:
    """Ids of the tokens that frame and hold thoughts (the paper's <bot>, the slot, <eot>), and of the text's end."""

    begin: int
    thought: int
    end: int
    end_of_text: int
    padding: int

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> "ThoughtTokens":
        """Look the ids up. Padding falls back on the end of the text, for tokenizers that have none (GPT-2).

        `InputError` where a token of Coconut is missing.
        """
        names = [BEGIN_THOUGHTS, THOUGHT, END_THOUGHTS]
        ids = tokenizer.convert_tokens_to_ids(names)
        for name, token in zip(names, ids, strict=True):
            if token is None:
                raise InputError(f"tokenizer.json: has no token {name}; give the tokenizer of a Coconut model.")
        begin, thought, end = ids
        end_of_text = tokenizer.eos_token_id
        padding = end_of_text if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        return cls(begin, thought, end, end_of_text, padding)


def word_level_tokenizer(words: list[str], *, digits: bool = False) -> PreTrainedTokenizerFast:
    """A tokenizer with one token a word or punctuation mark of `words`; what it does not know is `<unk>`.

    Words are separated by white space, runs of punctuation are words of their own ("###", "."). Decoding puts no
    space before a full stop or question mark, so that a question survives the round trip. With `digits` every digit is
    a token of its own, and decoding joins digits and equations again: "<<", "1", "2", "+", "3" is "<<12+3".
    """
    specials = [PADDING, UNKNOWN, END_OF_TEXT, BEGIN_THOUGHTS, THOUGHT, END_THOUGHTS]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys([*specials, *words]))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = _pre_tokenizer(digits)
    # WordPiece's decoder is used for its clean-up of spaces before punctuation; no word has this prefix.
    tokenizer.decoder = decoders.WordPiece(prefix="\0", cleanup=True)
    if digits:
        joined = decoders.Replace(Regex(_INSIDE_EQUATIONS), "")
        tokenizer.decoder = decoders.Sequence([tokenizer.decoder, decoders.Fuse(), joined])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PADDING,
        unk_token=UNKNOWN,
        eos_token=END_OF_TEXT,
        padding_side="left",
        extra_special_tokens=[BEGIN_THOUGHTS, THOUGHT, END_THOUGHTS],
    )


def _pre_tokenizer(digits: bool) -> pre_tokenizers.PreTokenizer:
    parts = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous")]
    return pre_tokenizers.Sequence([*parts, *([pre_tokenizers.Digits(individual_digits=True)] if digits else [])])


def add_thought_tokens(tokenizer: PreTrainedTokenizerBase) -> int:
    """Add the three tokens to a tokenizer that lacks them; returns how many were new (the model must be resized)."""
    # The order of the official code, whose checkpoints depend on it.
    missing = [token for token in (BEGIN_THOUGHTS, END_THOUGHTS, THOUGHT) if token not in tokenizer.get_vocab()]
    return tokenizer.add_special_tokens({"extra_special_tokens": missing}) if missing else 0
