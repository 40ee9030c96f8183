"""Weights set by hand: a Llama whose residual stream is named blocks, with heads and units that read and write them.

The residual stream is cut into blocks. A block holds one number for each of its words, so that "the set of nodes that
were reached" is a block with a 1 at the name of each. Rows are linear readings of the stream, as a matrix of shape
(row, d_model). Three pieces are enough:

- An offset head copies rows from the token that stands a fixed number of tokens back. Its queries and keys are
  constants whose rotary phases differ by that offset, as in `training/offset_heads.py`.
- A content head attends by meaning: its score is a sum of products of a query row and a key row. It uses the slow
  rotary frequencies alone, which turn by less than 0.01 over any text, so that position does not matter.
- A unit of an MLP adds relu(row) times a direction. SwiGLU computes silu(s row) / s, which is the same up to
  exp(-s) wherever |row| is at least 1 or exactly 0.

Norms would rescale all this by the length of the stream. They do not: the first layer adds the constant `LENGTH` to
one coordinate, beside which everything else is short, so that each norm divides by the same number up to the square of
what else there is over 2 `LENGTH`^2, below 1e-6 here. The last norm leaves the constant out, so that a thought is as
long as what it holds.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

LENGTH = 1e4
"""The constant coordinate of the residual stream."""
ROTARY_BASE = 1e30
"""So large that all but the first few frequencies stand still."""
FAST, SLOW = 5, 8
"""The first frequencies, of which offset heads use the first `FAST`, and content heads those from `SLOW` on."""
NEIGHBOUR = 40.0
"""How far the score of the wanted token exceeds a neighbour's in an offset head, in nats."""
SHARPNESS = 40.0
"""s of the units, above."""

Rows = Float[Tensor, "_ d_model"]


class Wiring:
    """A model that is being built: all weights are zero but those that were asked for."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, blocks: Mapping[str, Sequence[str]], *, layers: int, heads: int
    ):
        """`blocks` names blocks of the stream, with the words of each. One more, "word", holds the token itself."""
        vocabulary = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
        self._words = {"word": vocabulary, **{name: list(words) for name, words in blocks.items()}}
        self._start, width = {}, 0
        for name, words in self._words.items():
            self._start[name] = width
            width += len(words)
        self._constant = width
        longest = max(len(words) for name, words in self._words.items() if name != "word")
        # Room for the longest block and a few single words beside it.
        self._head_size = 2 * (SLOW + math.ceil(longest / 2) + 2)
        self.width = heads * math.ceil((width + 1) / heads)  # the library wants a multiple of the heads
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=self.width,
            intermediate_size=8 * longest,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            head_dim=self._head_size,
            max_position_embeddings=1 << 12,
            rope_parameters={"rope_type": "default", "rope_theta": ROTARY_BASE},
            attention_bias=True,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        self.lm = LlamaForCausalLM(config).eval().requires_grad_(False)
        for name, parameter in self.lm.named_parameters():
            parameter.fill_(1.0 if "norm" in name else 0.0)
        self.lm.model.norm.weight.zero_()
        self._heads = [0] * layers
        self._units = [0] * layers
        self.lm.model.embed_tokens.weight.copy_(self.rows("word"))
        self.lm.model.layers[0].self_attn.o_proj.bias[self._constant] = LENGTH

    @property
    def one(self) -> Rows:
        """The row that is 1 everywhere."""
        row = torch.zeros(1, self.width)
        row[0, self._constant] = 1 / LENGTH
        return row

    def rows(self, block: str, words: Sequence[str] | None = None) -> Rows:
        """What a block says of `words`, all of its words if None; also the direction that says so."""
        own = self._words[block]
        rows = torch.zeros(len(own), self.width)
        rows[range(len(own)), range(self._start[block], self._start[block] + len(own))] = 1
        return rows if words is None else rows[[own.index(word) for word in words]]

    def offset_head(self, layer: int, offset: int, copies: Sequence[tuple[Rows, Rows]]) -> None:
        """Every token gets, in the second of each pair of `copies`, what the first says of the token `offset` back."""
        frequency = ROTARY_BASE ** (-torch.arange(FAST) / (self._head_size / 2))
        strength = math.sqrt(NEIGHBOUR * math.sqrt(self._head_size) / float((1 - frequency.cos()).sum()))
        attention, head = self.lm.model.layers[layer].self_attn, self._next_head(layer)
        for projection, shift in ((attention.q_proj, 0), (attention.k_proj, offset)):
            bias, phase = projection.bias[head], frequency * shift
            bias[:FAST] = strength * phase.cos()
            bias[self._head_size // 2 :][:FAST] = strength * phase.sin()
        self._copy(layer, head, copies)

    def content_head(
        self, layer: int, scores: Sequence[tuple[Rows, Rows, float]], copies: Sequence[tuple[Rows, Rows]]
    ) -> None:
        """A token attends with the score, in nats, sum of strength x query row x key row, and copies as above.

        `scores` are triples of query rows, key rows and a strength. Not for the first layer, whose norm is not fixed.
        """
        half = self._head_size // 2
        dimensions = [*range(SLOW, half), *range(half + SLOW, self._head_size)]
        query, key = torch.zeros(2, self._head_size, self.width)
        at = 0
        for asked, offered, strength in scores:
            place = dimensions[at : at + len(asked)]
            query[place], key[place] = asked * strength * math.sqrt(self._head_size), offered
            at += len(asked)
        attention, head = self.lm.model.layers[layer].self_attn, self._next_head(layer)
        attention.q_proj.weight[head] = query * self._unscaled
        attention.k_proj.weight[head] = key * self._unscaled
        self._copy(layer, head, copies)

    def units(self, layer: int, read: Rows, *directions: Rows) -> None:
        """Add relu(row) along the direction of the same number, for every row of `read` and all `directions`."""
        mlp = self.lm.model.layers[layer].mlp
        units = slice(self._units[layer], self._units[layer] + len(read))
        self._units[layer] = units.stop
        mlp.gate_proj.weight[units] = read * SHARPNESS * self._unscaled
        mlp.up_proj.weight[units] = self.one * self._unscaled
        mlp.down_proj.weight[:, units] = sum(directions).T / SHARPNESS

    def keep(self, rows: Rows) -> None:
        """What of the stream leaves the last norm: what logits and thoughts are made of."""
        self.lm.model.norm.weight[rows.abs().sum(0) > 0] = self._unscaled

    def logits(self, words: Sequence[str], rows: Rows) -> None:
        """Add a row to the logit of each of `words`."""
        self.lm.lm_head.weight[[self._words["word"].index(word) for word in words]] += rows

    def _copy(self, layer: int, head: slice, copies: Sequence[tuple[Rows, Rows]]) -> None:
        read, written = (torch.cat(rows) for rows in zip(*copies, strict=True))
        attention = self.lm.model.layers[layer].self_attn
        # The first layer's norm sees tokens before anything is added: one word each, of length 1.
        attention.v_proj.weight[head][: len(read)] = read * (self._unscaled if layer else 1 / math.sqrt(self.width))
        attention.o_proj.weight[:, head][:, : len(read)] = written.T

    def _next_head(self, layer: int) -> slice:
        self._heads[layer] += 1
        return slice((self._heads[layer] - 1) * self._head_size, self._heads[layer] * self._head_size)

    @property
    def _unscaled(self) -> float:
        """What undoes a norm."""
        return LENGTH / math.sqrt(self.width)
