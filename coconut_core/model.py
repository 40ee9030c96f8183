"""The Coconut model: a causal language model whose last hidden state is fed back as its next input embedding.

Thought k is the output of the final layer norm at the position before slot k (paper section 3; the official
`coconut.py`), fed as that slot's input embedding with its gradient. The loop over thoughts lives here and nowhere
else; controls (`methods.py`) feed the embedding of `<|latent|>` instead, or nothing. Everything works on columns of
token trees (`columns.py`), on one key/value cache: a text is encoded once, each thought adds one column a question,
and any number of continuations branch off the same cache.

The model knows nothing of problems: it sees token ids.
"""

import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from coconut_core.columns import PADDING, QUESTION, THOUGHT, Columns, Context, PackedBatch, visible
from coconut_core.errors import InputError
from coconut_core.methods import COCONUT, Method
from coconut_core.slots import CONTENTS
from coconut_core.speedups.growing_cache import GrowingCache, is_recurrent, takes_growing_cache
from coconut_core.speedups.last_layer import skip_unread_positions
from coconut_core.tokenizers import ThoughtTokens

LONGEST_TEXT = 1 << 12
"""Tokens: what each of them attends to is written out, so that memory grows with the square of their number."""
SlotEdit = Callable[[int, Float[Tensor, "batch question d_model"]], Float[Tensor, "batch question d_model"]]
"""Given k and what is about to be fed into slot k, what is fed instead."""
Bias = Float[Tensor, "batch 1 query key"]


@dataclass(frozen=True)
class Thoughts:
    """The thoughts of a batch of questions, one question a row, and the context to continue from."""

    states: Float[Tensor, "batch thought d_model"]
    """Thought k = 1.. at index k - 1: the final hidden state before slot k, which Coconut feeds into it."""
    context: Context
    begin: Int[Tensor, "batch"]
    """Position of the question's last column, `<bot>`; slot k stands at `begin + k`."""


@dataclass(frozen=True)
class Loss:
    """Cross-entropy of a packed batch, in nats."""

    mean: Float[Tensor, ""]
    """Mean over the labels, weighted: the quantity that is trained."""
    by_label: Float[Tensor, "label"]
    """Unweighted loss of each label, detached, for the report by stage."""


class CoconutModel(nn.Module):
    """Continuous thoughts over any Hugging Face causal language model that takes `inputs_embeds` and a cache.

    What is known of its training is not part of it: a `Checkpoint` holds both (`checkpoints.py`).

    >>> from coconut_core import METHODS, load_model
    >>> model = load_model("prosqa_laptop").model
    >>> model.method.name, model.with_method(METHODS["no_cot"]).method.name
    ('coconut', 'no_cot')
    """

    def __init__(self, lm: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, method: Method = COCONUT):
        super().__init__()
        self.lm = lm
        self.training = lm.training
        self.tokenizer = tokenizer
        self.method = method
        self.tokens = ThoughtTokens.of(tokenizer)
        if is_recurrent(lm.config):
            raise InputError(
                f"A {lm.config.model_type} model has layers that keep a state and do not attend, so that no texts can "
                "branch off from its thoughts; give a model all of whose layers attend."
            )
        self.has_cache = takes_growing_cache(lm.config)
        if not self.has_cache:
            warnings.warn(
                f"A {lm.config.model_type} model keeps its keys and values in a way that is not known here: every pass "
                "computes the whole text again, which takes longer and gives the same.",
                stacklevel=2,
            )

    def with_method(self, method: Method) -> "CoconutModel":
        """The same weights and tokenizer, shared, thinking and answering as another method does."""
        return CoconutModel(self.lm, self.tokenizer, method)

    def slot_content(self, states: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """What the method feeds into slots, given the final hidden states before them (`slots.py`)."""
        pause = self.lm.get_input_embeddings()(torch.tensor(self.tokens.thought, device=self.device))
        return CONTENTS[self.method.slots].fed(states, pause)

    @property
    def device(self) -> torch.device:
        return self.lm.device

    @property
    def columns_at_once(self) -> int:
        """Columns that a training step computes together where a batch has more.

        They bound its memory. On a core more of them are no faster, since they outgrow its caches.
        """
        entries = 2**27 if self.device.type == "cuda" else 2**20
        return max(1, entries // (self.lm.config.num_hidden_layers * self.lm.config.hidden_size))

    @property
    def most_positions(self) -> int | None:
        """Tokens that fit into one text, where positions are learned; None where they are rotary."""
        return None if hasattr(self.lm.base_model, "rotary_emb") else self.lm.config.max_position_embeddings

    def require_positions(self, needed: int) -> None:
        """`InputError` if texts of `needed` tokens do not fit, or are longer than what is computed at once."""
        if needed > LONGEST_TEXT:
            raise InputError(
                f"A text of {needed:,} tokens is longer than the {LONGEST_TEXT:,} that are computed at once; "
                "give shorter problems."
            )
        if self.most_positions is not None and needed > self.most_positions:
            raise InputError(
                f"A text of {needed} tokens is longer than the {self.most_positions} that the model has positions for; "
                "give shorter problems, or a model with more."
            )

    def extend(
        self,
        context: Context | None,
        columns: Columns,
        embeddings: Float[Tensor, "batch column d_model"] | None = None,
        room: int | None = None,
        read: Bool[Tensor, "column"] | None = None,
    ) -> tuple[Float[Tensor, "batch column d_model"], Context]:
        """Compute further columns; returns their final hidden states (after the last norm) and the longer context.

        `embeddings` replaces the token embeddings: this is how a thought enters its slot. `room` is the number of
        columns that are to follow, where it is known at the beginning. Where the first columns
        are computed, `read` may name those whose states are needed: the others are not computed, and what is returned
        in their places means nothing.
        """
        if embeddings is None:
            embeddings = self.lm.get_input_embeddings()(columns.ids)
        asked = columns.width
        if context is not None and context.pending is not None:
            slot, fed = context.pending
            columns, embeddings = slot.then(columns), torch.cat([fed, embeddings], 1)
        everything = columns if context is None else context.columns.then(columns)
        if self.has_cache:
            cache = context.cache.fork() if context else GrowingCache(self.lm.config.num_hidden_layers, room)
            longer = Context(everything, cache)
        else:
            embeddings = embeddings if context is None else torch.cat([context.fed, embeddings], 1)
            columns, cache, longer = everything, None, Context(everything, None, embeddings)
        hidden = self._states(columns, embeddings, self._bias(columns, everything, embeddings), cache, read)
        return hidden[:, hidden.shape[1] - asked :], longer

    def _bias(self, queries: Columns, keys: Columns, like: Tensor) -> Bias | dict[str, Bias]:
        """What is added to the scores of attention: nothing where a query may look, what leaves nothing elsewhere.

        For a family some of whose layers see a window of the last tokens alone, by the library's names of their kinds.
        """
        seen = visible(queries, keys)

        def bias(seen: Bool[Tensor, "batch query key"]) -> Bias:
            return torch.where(seen, like.new_zeros(()), torch.finfo(like.dtype).min)[:, None]

        kinds, window = getattr(self.lm.config, "layer_types", None), getattr(self.lm.config, "sliding_window", None)
        if window is None or (kinds and "sliding_attention" not in kinds):
            return bias(seen)
        near = queries.position[..., None] - keys.position[:, None] < window
        return {"full_attention": bias(seen), "sliding_attention": bias(seen & near)} if kinds else bias(seen & near)

    def _states(
        self,
        columns: Columns,
        embeddings: Float[Tensor, "batch column d_model"],
        bias: Bias | dict[str, Bias],
        cache: GrowingCache | None,
        read: Bool[Tensor, "column"] | None,
    ) -> Float[Tensor, "batch column d_model"]:
        """One pass of the language model over `columns`; without a cache, over all there are."""
        kept = {"use_cache": False}
        if cache is not None:
            kept = {"use_cache": True, "past_key_values": cache, "read": read}
            if read is not None:
                skip_unread_positions(self.lm)
        return self.lm.base_model(
            inputs_embeds=embeddings,
            attention_mask=bias,
            position_ids=columns.position.clamp(min=0),
            **kept,
        ).last_hidden_state

    def think(
        self,
        ids: Int[Tensor, "batch column"],
        mask: Int[Tensor, "batch column"],
        count: int,
        *,
        edit: SlotEdit | None = None,
        removed: Collection[int] = (),
    ) -> Thoughts:
        """Encode left-padded questions and think `count` thoughts after each; none if the method has no slots.

        `edit` may change what is fed into each slot; later thoughts follow from it. The model's own thoughts are still
        returned in `states`, each computed from what was fed before it. Nothing that comes later attends to the slots
        of the thoughts in `removed` (from 1), though each still is the ground of the next thought.
        """
        self.require_positions(ids.shape[1] + self.method.slot_count(count))
        real = mask.bool()
        position = torch.where(real, mask.cumsum(1) - 1, PADDING)
        enter = torch.where(real, position, -QUESTION)
        leave = torch.where(real, QUESTION - 1, -QUESTION - 1)
        end = torch.arange(ids.shape[1], device=ids.device) == ids.shape[1] - 1
        hidden, context = self.extend(None, Columns(ids, position, enter, leave), read=end)
        begin = position[:, -1]
        counts = range(1, self.method.slot_count(count) + 1)
        slots = [self._slot(begin[:, None], k, k in removed) for k in counts]
        states, context = self._thought_loop(context, hidden[:, -1:], slots, edit)
        return Thoughts(states, context, begin)

    def _thought_loop(
        self,
        context: Context,
        state: Float[Tensor, "batch question d_model"],
        slots: Sequence[Columns],
        edit: SlotEdit | None = None,
    ) -> tuple[Float[Tensor, "batch thought d_model"], Context]:
        """Feed each slot, a column a question, from the questions' last hidden states `state` on.

        Returns the hidden state before each slot, thought by thought and within a thought question by question, and
        the context. It holds all slots but the last, which is pending.
        """
        if not slots:
            return state[:, :0], context
        if self.method.passes == "one" and edit is None:
            asked = state.shape[1]
            hidden, context = self.extend(context, reduce(Columns.then, slots))
            return torch.cat([state, hidden[:, :-asked]], 1), context
        states = []
        for k, slot in enumerate(slots, start=1):
            states.append(state)
            fed = self.slot_content(state)
            fed = fed if edit is None else edit(k, fed)
            if k < len(slots):
                state, context = self.extend(context, slot, fed)
        return torch.cat(states, 1), replace(context, pending=(slot, fed))

    def _slot(self, begin: Int[Tensor, "batch 1"], k: int, removed: bool) -> Columns:
        zero = torch.zeros_like(begin)
        enter = zero + k * THOUGHT
        return Columns(zero + self.tokens.thought, begin + k, enter, enter - 1 if removed else zero + QUESTION - 1)

    def continue_from(
        self, thoughts: Thoughts, columns: Columns
    ) -> tuple[Float[Tensor, "batch column d_model"], Thoughts]:
        """Continue in language; returns the final hidden states of `columns` and the longer thoughts' context."""
        hidden, context = self.extend(thoughts.context, columns)
        return hidden, replace(thoughts, context=context)

    def logits(self, hidden: Float[Tensor, "*place d_model"]) -> Float[Tensor, "*place vocab"]:
        """The language head. Called on the places that are read and on no others."""
        return self.lm.get_output_embeddings()(hidden)

    def forward(self, batch: PackedBatch) -> Loss:
        """Loss of a packed batch: questions encoded once, thoughts column by column, all continuations in one pass.

        Gradients flow through every thought.
        """
        self.require_positions(batch.longest)
        room = sum(columns.width for columns in (*batch.slots, batch.continuations))
        ends = torch.zeros(batch.questions.width, dtype=torch.bool, device=self.device)
        ends[batch.begin_columns] = True
        hidden, context = self.extend(None, batch.questions, room=room, read=ends)
        _, context = self._thought_loop(context, hidden[:, batch.begin_columns], batch.slots)
        hidden, _ = self.extend(context, batch.continuations)
        read = batch.weights > 0
        logits = self.logits(hidden[read]).float()
        labels, weights = batch.labels[read], batch.weights[read]
        by_label = F.cross_entropy(logits, labels, reduction="none")
        mean = (by_label * weights).sum() / weights.sum()
        return Loss(mean, by_label.detach())
