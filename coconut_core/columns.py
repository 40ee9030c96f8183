"""Token trees as columns: one encoding of a text serves every question, stage and number of thoughts.

A row of a batch is a tree of tokens, not a line. Facts come first; questions about them branch off the facts; each
question is followed by its thoughts; continuations in language branch off after any number of thoughts:

    facts ──┬── question 0 <bot> ── thought 1 ── thought 2 ── ... ── thought K
            │                    └ <eot> ...   └ <eot> ...          └ <eot> ...
            └── question 1 <bot> ── ...

The tree is laid out as columns in the order of computation, and attention is restricted to a column's ancestors, so
that every branch computes exactly what it would compute alone. Training on several stages, the values for k = 0..6
and the answers after k = 0..6 thoughts are readings of this one tree.

Ancestry is two integers a column, the interval of a depth-first walk: column a is an ancestor of column b, or b
itself, exactly if a.enter <= b.enter <= a.leave. Intervals are addresses with room to spare, so that a tree can grow
in any order: question, then thought within the question, then continuation within the thought, then token.
"""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from coconut_core.methods import MOST_SLOTS
from coconut_core.speedups.growing_cache import GrowingCache

PADDING = -1
"""Position of a column that holds nothing."""
CONTINUATION = 1 << 20
THOUGHT = CONTINUATION << 10
QUESTION = THOUGHT * MOST_SLOTS
"""Room for the addresses of one continuation (or of a question's own tokens), one thought and one question."""
FOREVER = QUESTION << 20


def address(question: int, thought: int = 0, continuation: int | None = None) -> int:
    """First address of a question's own tokens or thought, or of its n-th continuation after `thought` thoughts."""
    return question * QUESTION + thought * THOUGHT + (0 if continuation is None else (continuation + 1) * CONTINUATION)


@dataclass(frozen=True)
class Columns:
    """Columns of a batch of token trees. Padding may stand anywhere: it sees and is seen by itself alone."""

    ids: Int[Tensor, "batch column"]
    """Token ids; a thought's column holds the id of `<|latent|>`."""
    position: Int[Tensor, "batch column"]
    """Depth in the tree, which is the position id; `PADDING` for padding."""
    enter: Int[Tensor, "batch column"]
    """Address of the column."""
    leave: Int[Tensor, "batch column"]
    """Last address that may descend from the column."""

    @property
    def width(self) -> int:
        return self.ids.shape[1]

    def to(self, device: torch.device | str) -> "Columns":
        return Columns(*(getattr(self, field.name).to(device) for field in fields(self)))

    def then(self, later: "Columns") -> "Columns":
        """These columns followed by `later` ones of the same rows."""
        return Columns(*(torch.cat([getattr(self, f.name), getattr(later, f.name)], 1) for f in fields(self)))

    def rows(self, which: Int[Tensor, "row"]) -> "Columns":
        """These rows, in their order."""
        return Columns(*(getattr(self, field.name)[which] for field in fields(self)))


def visible(queries: Columns, keys: Columns) -> Bool[Tensor, "batch query key"]:
    """Which keys each query may attend to: its ancestors and itself. The queries are the last of the keys."""
    at = queries.enter[..., None]
    ancestors = (keys.enter[:, None] <= at) & (at <= keys.leave[:, None])
    itself = torch.ones(queries.width, keys.width, dtype=torch.bool, device=at.device)
    itself = itself.tril(keys.width - queries.width).triu(keys.width - queries.width)
    return ancestors | itself


@dataclass(frozen=True)
class Context:
    """What has been computed of a batch of token trees. Extending a context leaves it as it was."""

    columns: Columns
    cache: GrowingCache | None
    """None for a model whose cache is of a kind that is not known here: every pass computes all columns again."""
    fed: Float[Tensor, "batch all d_model"] | None = None
    """What was fed into all columns, where there is no cache."""
    pending: tuple[Columns, Float[Tensor, "batch column d_model"]] | None = None
    """The last slot, with what is fed into it: the next pass computes it with what follows, which saves one pass."""

    def rows(self, which: Int[Tensor, "row"]) -> "Context":
        """The same of these rows, in their order; a row may be taken several times, to go on in several ways."""
        return Context(
            self.columns.rows(which),
            self.cache and self.cache.rows(which),
            None if self.fed is None else self.fed[which],
            self.pending and (self.pending[0].rows(which), self.pending[1][which]),
        )


class ColumnWriter:
    """Fills columns run by run. What is not written is padding, which no interval reaches."""

    def __init__(self, rows: int, width: int, padding_id: int):
        self.ids = torch.full((rows, width), padding_id)
        self.position = torch.full((rows, width), PADDING)
        # An empty interval: nothing descends from padding. Its own address lies before all others.
        self.enter = torch.full((rows, width), -FOREVER)
        self.leave = torch.full((rows, width), -FOREVER - 1)
        self._arrays = [part.numpy() for part in (self.ids, self.position, self.enter, self.leave)]

    def write(self, row: int, start: int, ids: list[int], position: int, enter: int, leave: int) -> None:
        """Write a run of tokens, each the parent of the next, from column `start`, depth `position` on."""
        stop = start + len(ids)
        of_ids, of_position, of_enter, of_leave = self._arrays
        of_ids[row, start:stop] = ids
        of_position[row, start:stop] = range(position, position + len(ids))
        of_enter[row, start:stop] = range(enter, enter + len(ids))
        of_leave[row, start:stop] = leave

    def columns(self) -> Columns:
        return Columns(self.ids, self.position, self.enter, self.leave)


@dataclass(frozen=True)
class PackedBatch:
    """A batch laid out for one forward: questions, then a column a question for each thought, then continuations."""

    questions: Columns
    begin_columns: Int[Tensor, "question"]
    """Index, among the question columns, of each question's last, `<bot>`."""
    slots: tuple[Columns, ...]
    """Thought 1, 2, ... of every question."""
    continuations: Columns
    labels: Int[Tensor, "batch column"]
    """Next token after each continuation column."""
    weights: Float[Tensor, "batch column"]
    """Weight of each label in the loss; 0 for padding."""
    stage: Int[Tensor, "batch column"]
    is_answer: Int[Tensor, "batch column"]
    """1 where the label belongs to the answer."""
    longest: int
    """Tokens of the longest text, thoughts counted."""
    share: float = 1.0
    """Of the weights of the batch that this is a part of."""

    def to(self, device: torch.device | str) -> "PackedBatch":
        return PackedBatch(
            self.questions.to(device),
            self.begin_columns.to(device),
            tuple(slot.to(device) for slot in self.slots),
            self.continuations.to(device),
            self.labels.to(device),
            self.weights.to(device),
            self.stage.to(device),
            self.is_answer.to(device),
            self.longest,
            self.share,
        )
