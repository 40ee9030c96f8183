"""Thinking with edits: what a record names is found in a set of problems, and put in place batch by batch."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from coconut_core.columns import address
from coconut_core.edits.edited_model import EditedModel, Patch, recorded, widths
from coconut_core.edits.places import NOWHERE, addresses, require_correspondence, require_nodes
from coconut_core.edits.record import Edit, require_one_kind
from coconut_core.encoding import Encoder, batches
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel, SlotEdit
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of
from coconut_core.thoughts import ThoughtBatch, think_about

MEANS_BATCH = 64
"""Problems that are thought about together where a mean over the set is taken."""
Vectors = dict[tuple[int, int], Float[Tensor, "_ _ _"]]
"""By edit, as its index, and layer, 0 for what is fed."""
Content = Callable[[Float[Tensor, "found d"], Int[Tensor, "found"], Int[Tensor, "found"]], Float[Tensor, "found d"]]


def thinking(
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    edits: Sequence[Edit] = (),
    donors: Sequence[Problem] | None = None,
) -> Callable[[Sequence[int]], tuple[CoconutModel, ThoughtBatch]]:
    """What thinks on the problems at given indices, with `edits` if there are any (`EditedThinking`), and returns the
    thoughts and the model to continue them with."""
    if edits:
        return EditedThinking(model, edits, problems, count, donors).think
    return lambda indices: (model, think_about(model, [problems[index] for index in indices], count))


class EditedThinking:
    """`count` thoughts on each of `problems` with `edits` in place, any of the problems at a time.

    The donor of each problem, for swaps, is the one in `donors` at its place, or the problem before it in the set.
    `InputError`, before any work, names what is not there, and a donor whose question is of another length where the
    edit is at columns of the question or changes keys, which say where they stand.

    >>> from coconut_core import answers, load_model, load_problems
    >>> problems = load_problems("artifacts/problems/laptop.json")[:20]
    >>> model = load_model("artifacts/models/prosqa_laptop").model
    >>> swap = [Edit("fed", "swap", thoughts=(1, 2, 3, 4, 5, 6))]
    >>> answers(model, problems, ks=(6,), edits=swap).accuracy[6] < answers(model, problems, ks=(6,)).accuracy[6]
    True
    """

    def __init__(
        self,
        model: CoconutModel,
        edits: Sequence[Edit],
        problems: Sequence[Problem],
        count: int,
        donors: Sequence[Problem] | None = None,
    ):
        self._model, self._edits, self._problems, self._count = model, tuple(edits), tuple(problems), count
        require_one_kind(self._edits)
        self._frozen = self._edits[0].later_thoughts == "frozen"
        self._encoder = Encoder(model.tokenizer, model.method)
        before = [problems[index - 1] for index in range(len(problems))] if donors is None else donors
        if len(before) != len(problems):
            raise InputError(f"There are {len(before)} donors for {len(problems)} problems; give one for each.")
        self._donors = [self._donors_of(edit, before) for edit in self._edits]
        for edit, own in zip(self._edits, self._donors, strict=True):
            edit.require_places(model, count)
            require_nodes(edit, self._problems)
            if edit.given is not None and edit.given.ndim == 3 and len(edit.given) != len(problems):
                raise InputError(f"The edit gives vectors for {len(edit.given)} problems of {len(problems)}; give all.")
            if edit.content == "swap":
                require_correspondence(self._encoder, edit, self._problems, own)
        self._means = cache(self._mean_of_all)
        self._subspace = cache(self._subspace_of)

    def think(self, indices: Sequence[int]) -> tuple[CoconutModel, ThoughtBatch]:
        """The thoughts on the problems at `indices`, and the model to continue them with."""
        problems = [self._problems[index] for index in indices]
        clean = self._fed(problems) if self._frozen else None
        vectors = self._vectors(indices)
        patches, slot_changes, removed = [], [], set()
        for at, (edit, donors) in enumerate(zip(self._edits, self._donors, strict=True)):
            if edit.content == "remove":
                removed |= {*edit.thoughts}
            elif edit.place == "fed":
                slot_changes.append((edit, self._content(edit, vectors.get((at, 0)))))
            else:
                where = addresses(self._encoder, edit, problems, [donors[index] for index in indices])
                for layer in edit.layers:
                    patches.append(Patch(edit.place, layer, where, self._content(edit, vectors.get((at, layer)))))
        model = EditedModel(self._model, patches) if patches else self._model
        feed = self._slot_edit(clean, slot_changes) if self._frozen or slot_changes else None
        return model, think_about(model, problems, self._count, edit=feed, removed=removed)

    def _slot_edit(self, clean: Tensor | None, changes: Sequence[tuple[Edit, Content]]) -> SlotEdit:
        """What is fed into each slot: what is there or, with frozen thoughts, what is `clean`, edited."""
        before: dict[int, Tensor] = {}

        def feed(k: int, fed: Float[Tensor, "batch question d_model"]) -> Float[Tensor, "batch question d_model"]:
            now = fed if clean is None else clean[:, k - 1 : k].to(fed)
            for edit, content in changes:
                if k in edit.thoughts:
                    rows = torch.arange(len(now), device=now.device)
                    if edit.content == "freeze":
                        new = self._within(edit, now[:, 0], before[k - 1][:, 0])
                    else:
                        new = content(now[:, 0], rows, torch.full_like(rows, edit.thoughts.index(k)))
                    now = new[:, None]
            before[k] = now
            return now

        return feed

    def _content(self, edit: Edit, put: Float[Tensor, "batch target d"] | None) -> Content:
        """What is put in the place of what is there; `put` are the vectors where they do not follow from that."""

        def content(base: Tensor, row: Tensor, target: Tensor) -> Tensor:
            if put is None:
                return self._within(edit, base, torch.zeros_like(base))
            new = put[row.cpu(), target.cpu()].to(base)
            if edit.content in ("noise", "blur"):
                new = new * base.norm(dim=-1, keepdim=True)
            return self._within(edit, base, new + base if edit.content == "blur" else new)

        return content

    def _vectors(self, indices: Sequence[int]) -> Vectors:
        """What each edit, by its index, puts into each layer, unless that is zero or was fed before; of noise,
        directions of length 1."""
        problems = [self._problems[index] for index in indices]
        found: Vectors = {}
        for at, (edit, donors) in enumerate(zip(self._edits, self._donors, strict=True)):
            where = addresses(self._encoder, edit, problems, [donors[index] for index in indices])
            shape = (*where.shape, widths(self._model)[edit.place][1])
            for layer in edit.layers or (0,):
                if edit.content in ("noise", "blur"):
                    drawn = [self._direction(edit, layer, index, shape[1:]) for index in indices]
                    found[at, layer] = torch.stack(drawn)
                elif edit.content == "given":
                    found[at, layer] = self._given(edit, indices, shape)
                elif edit.content == "mean":
                    found[at, layer] = self._means()[at, layer].expand(shape)
        swaps = [at for at, edit in enumerate(self._edits) if edit.content == "swap"]
        for at in swaps:
            if (at, (self._edits[at].layers or (0,))[0]) not in found:
                together = [other for other in swaps if self._donors[other] is self._donors[at]]
                found |= self._computed(together, [self._donors[at][index] for index in indices], problems)
        repeats = [at for at, edit in enumerate(self._edits) if edit.content == "freeze" and edit.place != "fed"]
        return found | (self._computed(repeats, problems, problems, earlier=1) if repeats else {})

    def _given(self, edit: Edit, indices: Sequence[int], shape: tuple[int, ...]) -> Float[Tensor, "batch target d"]:
        given = torch.tensor(np.asarray(edit.given, float))
        if given.ndim == 1:
            return given.expand(shape)
        if given.shape[1] < shape[1]:
            raise InputError(f"The edit gives {given.shape[1]} vectors a problem for {shape[1]} columns; give all.")
        return given[list(indices), : shape[1]]

    def _direction(self, edit: Edit, layer: int, problem: int, shape: tuple[int, ...]) -> Float[Tensor, "target d"]:
        """The same whatever else is in the batch, so that values and answers that are read in turn see one noise."""
        seed = hash((edit.seed, layer, problem, edit.thoughts)) & (2**63 - 1)
        drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        return drawn / drawn.norm(dim=-1, keepdim=True)

    def _computed(
        self, edits: Sequence[int], problems: Sequence[Problem], bases: Sequence[Problem], earlier: int = 0
    ) -> Vectors:
        """What is on `problems`, without an edit, at the columns that these edits of `bases` name, or at thoughts that
        many `earlier`."""
        found: Vectors = {}
        wanted = []
        for at in edits:
            edit = self._edits[at]
            if edit.place == "fed":
                found[at, 0] = self._fed(problems)[:, [thought - 1 - earlier for thought in edit.thoughts]]
            else:
                where = addresses(self._encoder, edit, problems if edit.facts == "begin" else bases, problems)
                where = torch.where(where == NOWHERE, where, where - address(0, earlier))
                wanted += [((at, layer), (edit.place, layer, where)) for layer in edit.layers]
        if wanted:
            # One more slot than is read: the last one of a run is not computed until something follows it.
            slots = max((thought + 1 for at in edits for thought in self._edits[at].thoughts), default=0)
            parts = recorded(self._model, [part for _, part in wanted], lambda m: think_about(m, problems, slots))
            found |= {key: vectors for (key, _), vectors in zip(wanted, parts, strict=True)}
        return found

    @torch.inference_mode()
    def _fed(self, problems: Sequence[Problem]) -> Float[Tensor, "batch thought d_model"]:
        """What is fed into the slots without an edit."""
        return self._model.slot_content(think_about(self._model, problems, self._count).thoughts.states)

    def _mean_of_all(self) -> Vectors:
        """Means over all problems: of each thought, or of all columns of the facts together."""
        edits = [at for at, edit in enumerate(self._edits) if edit.content == "mean"]
        total: dict[tuple[int, int], Tensor | float] = {}
        count: dict[tuple[int, int], Tensor | float] = {}
        for indices in batches(self._problems, MEANS_BATCH):
            problems = [self._problems[index] for index in indices]
            donors = [[own[index] for index in indices] for own in self._donors]
            for key, vectors in self._computed(edits, problems, problems).items():
                edit = self._edits[key[0]]
                there = (addresses(self._encoder, edit, problems, donors[key[0]]) != NOWHERE)[..., None].double()
                over = (0,) if edit.thoughts else (0, 1)
                total[key] = total.get(key, 0.0) + (vectors.cpu().double() * there).sum(over, keepdim=True)
                count[key] = count.get(key, 0.0) + there.sum(over, keepdim=True)
        return {key: total[key] / count[key] for key in total}

    def _within(self, edit: Edit, base: Float[Tensor, "n d"], new: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """`new` in the edit's heads and subspace, and `base` elsewhere."""
        if (basis := self._subspace(edit)) is not None:
            basis = basis.to(base)
            new = base + (new - base) @ basis @ basis.T
        if not edit.heads:
            return new
        heads = widths(self._model)[edit.place][0]
        chosen = torch.zeros(heads, dtype=torch.bool, device=base.device)
        chosen[[head - 1 for head in edit.heads]] = True
        return torch.where(chosen.repeat_interleave(base.shape[-1] // heads), new, base)

    def _subspace_of(self, edit: Edit) -> Float[Tensor, "d rank"] | None:
        """The orthonormal basis that the edit names."""
        if edit.basis is not None:
            return torch.tensor(np.asarray(edit.basis, float))
        if not edit.nodes:
            return None
        task, some = task_of(self._problems), self._problems[0]
        tokens = self._encoder.first_tokens(edit.nodes, task.opening(some, 1, next(iter(task.openings))))
        rows = self._model.lm.get_output_embeddings().weight.detach()[tokens].double()
        return torch.linalg.qr(rows.T)[0]

    def _donors_of(self, edit: Edit, donors: Sequence[Problem]) -> Sequence[Problem]:
        """The donors that are given, unless the edit names one."""
        if edit.donor is None:
            return donors
        if not 0 <= edit.donor < len(self._problems):
            raise InputError(
                f"Field 'donor' of the edit: problem {edit.donor} is not there; "
                f"the set has problems 0 to {len(self._problems) - 1}."
            )
        return [self._problems[edit.donor]] * len(self._problems)
