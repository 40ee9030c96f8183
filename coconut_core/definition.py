"""Coconut and the implicit value, in a page of plain code: begin here.

Coconut (Chain of Continuous Thought, arXiv 2412.06769) is a language model that reasons in hidden states before it
answers in words. Its input is laid out as

    question <bot> thought ... thought <eot> words

Every word enters as its token embedding. A thought enters as a vector that the model computed itself: its hidden state
at the position before, after the final layer norm, from which it would otherwise predict the next word. No word is
chosen while the model thinks, so that a thought may hold several continuations at once, and gradients flow from the
words back through all thoughts.

    fed = think(lm, [*question, bot], count=6)
    answer = write(lm, fed, [eot], end_of_text, most=128)

This file is the definition, written to be read: one text at a time, and for every thought and every word a full pass
over everything before it. The rest of the package computes the same numbers with far fewer operations. `model.py` has
the thoughts and the loss, on one key/value cache; `columns.py` lays out many questions and continuations as one batch;
`generation.py` writes the words; `analyses/readings/values.py` reads the implicit values of all names after every
number of thoughts. Tests hold all of them to this file.

In all functions `lm` is any causal language model of Hugging Face. A text is a list of token ids, or, where it may
hold thoughts, `fed`: the vectors that enter the model, one a position, of shape (position, d_model).
"""

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel


def embed(lm: PreTrainedModel, ids: list[int]) -> Tensor:
    """Token embeddings, of shape (position, d_model)."""
    return lm.get_input_embeddings()(torch.tensor(ids, dtype=torch.long, device=lm.device))


def final_states(lm: PreTrainedModel, fed: Tensor) -> Tensor:
    """Hidden states after the final layer norm, of shape (position, d_model): one full pass, no cache."""
    # Hugging Face lists the states before every layer and, as the last entry, those after the final norm.
    return lm(inputs_embeds=fed[None], output_hidden_states=True, use_cache=False).hidden_states[-1][0]


def think(lm: PreTrainedModel, question: list[int], count: int, pause: int | None = None) -> Tensor:
    """The question, which ends with `<bot>`, and `count` slots after it, as fed vectors (paper section 3).

    Into slot k Coconut feeds thought k: the final hidden state at the position before, which is `<bot>` for thought 1
    and slot k - 1 for the others. A pause model, the paper's control "pause as thought", feeds nothing back: each of
    its slots holds the same learned embedding, that of the token `pause`.
    """
    fed = embed(lm, question)
    for _ in range(count):
        thought = final_states(lm, fed)[-1:] if pause is None else embed(lm, [pause])
        fed = torch.cat([fed, thought])
    return fed


def continue_with(lm: PreTrainedModel, fed: Tensor, text: list[int]) -> Tensor:
    """Logits after each token of `text`, which follows `fed`; of shape (len(text), vocab)."""
    everything = torch.cat([fed, embed(lm, text)])
    return lm(inputs_embeds=everything[None], use_cache=False).logits[0, len(fed) :]


def loss(lm: PreTrainedModel, fed: Tensor, text: list[int]) -> Tensor:
    """Cross-entropy in nats of each token of `text` but the first, of shape (len(text) - 1,).

    The first token is `<eot>`, which is given. Question and thoughts have no labels, yet they are trained: the
    gradient reaches them through `fed`. The mean is what training minimises (paper section 3).
    """
    logits, labels = continue_with(lm, fed, text[:-1]), torch.tensor(text[1:], device=lm.device)
    return F.cross_entropy(logits, labels, reduction="none")


@torch.no_grad()
def write(lm: PreTrainedModel, fed: Tensor, opening: list[int], end_of_text: int, most: int) -> list[int]:
    """The tokens that the model writes after `fed` and `opening`, each the most probable one.

    `opening` begins with `<eot>`. Writing stops before the end of the text, or after `most` tokens.
    """
    written: list[int] = []
    while len(written) < most:
        token = int(continue_with(lm, fed, [*opening, *written])[-1].argmax())
        if token == end_of_text:
            break
        written.append(token)
    return written


@torch.no_grad()
def implicit_value(
    lm: PreTrainedModel, question: list[int], k: int, opening: list[int], name: list[int], pause: int | None = None
) -> float:
    """Probability in [0, 1] that the model would say `name` next, if it had to stop after k thoughts (paper section 5,
    figure 7 of version 2).

    `opening` is what is forced after the thoughts: `<eot>` and the words that begin a step of reasoning, "Every". The
    value is the product of the probabilities of the name's tokens, each given the ones before. It is raw: values of
    the names that could stand there are never normalised to sum to one.
    """
    fed = think(lm, question, k, pause)
    value = 1.0
    for place, token in enumerate(name):
        probabilities = continue_with(lm, fed, [*opening, *name[:place]])[-1].softmax(-1)
        value *= float(probabilities[token])
    return value
