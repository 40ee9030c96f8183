"""The record of an edit: what is changed, where, and whether later thoughts follow.

Command line (`--edit FILE.json`), pages and Python share it:

    Edit("fed", "swap", thoughts=(2,))                                     # another problem's thought 2
    Edit("state", "mean", thoughts=(1, 2), layers=(3,))                    # the residual stream after layer 3
    Edit("values", "swap", facts="optimal", step=1, layers=(2, 3))         # what the facts of step 1 have to give
    Edit("fed", "zero", thoughts=(2,), nodes=("lempus",))                  # what the head would read as "lempus"

Places. `fed` is what enters the slot of a thought; the others are parts of a layer: `state`, `keys`, `values`, `heads`,
`mlp` (`edited_model.py`).

Contents, put there instead of what the model has:

    zero     the zero vector
    mean     the mean of what is there without an edit, over the problems of the set
    noise    a random direction, as long as what is there
    blur     what is there plus such a direction
    swap     what another problem has there: its donor, or the problem before it in the set
    freeze   what is there one thought earlier, from the second on
    given    a vector that the record brings
    remove   nothing: what comes later does not attend to the slot (the next thought is still its own); `fed` alone

Later thoughts. Where they are "rerolled", every thought after the edit is computed, and fed, anew from what the edit
changed. Where they are "frozen", every slot is fed what it is fed without the edit, but for slots that the edit names
itself: what changes then is what later columns read of the edited place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from coconut_core.edits.edited_model import PARTS, widths
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.fact_classes import NESTED
from coconut_core.problems.records import shown
from coconut_core.reading import read_json

PLACES = ("fed", *PARTS)
CONTENTS = ("zero", "mean", "noise", "blur", "swap", "freeze", "given", "remove")
FACTS = (*NESTED, "all", "differing", "question", "begin")
"""Columns of the question: of the facts of a class for thought `step`, of all facts, of those that differ between the
problem and its donor, every column up to `<bot>`, or `<bot>` alone, where thought 1 is computed."""
LATER_THOUGHTS = ("rerolled", "frozen")
ORTHONORMAL = 1e-4
"""How far the products of a basis may be off."""


@dataclass(frozen=True, eq=False)
class Edit:
    """One edit. `InputError` where its fields contradict each other.

    >>> Edit("fed", "zero", thoughts=(1,)).later_thoughts
    'rerolled'
    """

    place: str
    """One of `PLACES`."""
    content: str
    """One of `CONTENTS`."""
    thoughts: tuple[int, ...] = ()
    """Slots, from 1."""
    facts: str = ""
    """Columns of the question, by a name of `FACTS`; "" for none."""
    step: int = 1
    """The thought whose classes of facts are meant."""
    layers: tuple[int, ...] = ()
    """From 1; none for `fed`."""
    heads: tuple[int, ...] = ()
    """Of keys, values or heads, from 1; () for all."""
    later_thoughts: str = "rerolled"
    """One of `LATER_THOUGHTS`."""
    nodes: tuple[str, ...] = ()
    """If any, only the part of a vector changes that the rows of the language head for these names span."""
    basis: Float[np.ndarray, "d rank"] | None = None
    """If any, only the part in this orthonormal basis changes."""
    given: Float[np.ndarray, "d"] | Float[np.ndarray, "problem target d"] | None = None
    """For the content "given": one vector, or one for each problem and column that is changed."""
    donor: int | None = None
    """For the content "swap": the problem of the set, from 0, whose place everything takes."""
    seed: int = 0
    """Of noise."""

    def __post_init__(self) -> None:
        for name, known in (("place", PLACES), ("content", CONTENTS), ("later_thoughts", LATER_THOUGHTS)):
            if getattr(self, name) not in known:
                raise _wrong(name, f"{shown(getattr(self, name))} is unknown; give one of {', '.join(known)}")
        if self.facts and self.facts not in FACTS:
            raise _wrong("facts", f"{shown(self.facts)} is unknown; give one of {', '.join(FACTS)}")
        if bool(self.thoughts) == bool(self.facts):
            raise _wrong("thoughts", "an edit names either thoughts or facts; give one of the two")
        if (self.place == "fed") == bool(self.layers):
            raise _wrong("layers", "all places but fed are in layers, and fed is in none; name layers accordingly")
        if self.place == "fed" and self.facts:
            raise _wrong("place", "only slots are fed; edit the state, keys or values of facts")
        if self.heads and self.place not in ("keys", "values", "heads"):
            raise _wrong("heads", f"{self.place} has no heads; leave them out")
        if self.content == "remove" and (self.place != "fed" or self.nodes or self.basis is not None):
            raise _wrong("content", "remove takes whole slots; give it the place fed and no subspace")
        if self.content == "freeze" and (self.facts or min(self.thoughts) < 2):
            raise _wrong("content", "freeze repeats the thought before, which facts and thought 1 do not have")
        if (self.content == "given") == (self.given is None):
            raise _wrong("given", 'the content "given" needs vectors, and no other content takes any')
        if self.donor is not None and self.content != "swap":
            raise _wrong("donor", "only swap takes a donor; leave it out")
        if self.facts == "differing" and self.content != "swap":
            raise _wrong("facts", "facts differ from those of a donor, which only swap has; name another class")
        if self.nodes and self.basis is not None:
            raise _wrong("basis", "an edit has one subspace; give nodes or a basis")
        if self.nodes and self.place not in ("fed", "state", "mlp"):
            raise _wrong("nodes", f"the head does not read {self.place}; give a basis instead")
        if self.basis is not None:
            products = self.basis.T @ self.basis
            if not np.allclose(products, np.eye(len(products)), rtol=0, atol=ORTHONORMAL):
                raise _wrong("basis", "its columns are not orthonormal; give an orthonormal basis")

    def require_places(self, model: CoconutModel, thoughts: int) -> None:
        """`InputError` unless everything that the edit names is there in a model that thinks so many `thoughts`."""
        if not model.method.has_slots:
            raise InputError(f"The method {model.method.name} has no thoughts to edit; choose a model with slots.")
        if self.place in ("keys", "values") and not model.has_cache:
            raise _wrong("place", "the model's keys and values are not stored in a way that is known; edit its states")
        layers, (heads, width) = model.lm.config.num_hidden_layers, widths(model)[self.place]
        for name, most in (("thoughts", thoughts), ("layers", layers), ("heads", heads)):
            if wrong := [number for number in getattr(self, name) if not 1 <= number <= most]:
                raise _wrong(name, f"{wrong[0]} is not there; the model has {name} 1 to {most}")
        for name, length in (("basis", None if self.basis is None else len(self.basis)), ("given", self._length)):
            if length not in (None, width):
                raise _wrong(name, f"its vectors have {length} numbers; those of {self.place} have {width}")

    @property
    def _length(self) -> int | None:
        return None if self.given is None else self.given.shape[-1]

    @classmethod
    def from_json(cls, record: object) -> "Edit":
        """The edit of a JSON object with the fields above; `InputError` names the field that is wrong."""
        if not isinstance(record, Mapping):
            raise InputError(f"An edit is an object with named fields, not {shown(record)}.")
        if unknown := [name for name in record if name not in _READ]:
            raise InputError(f"An edit has no field {shown(unknown[0])}; give some of {', '.join(_READ)}.")
        if lacking := [name for name in ("place", "content") if name not in record]:
            raise InputError(f"An edit needs the field {lacking[0]!r}; add it.")
        return cls(**{name: _READ[name](name, value) for name, value in record.items()})

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads: place and content, and every other field that is not as usual."""
        usual, found = {each.name: each.default for each in fields(self)}, {}
        for name in usual:
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                found[name] = value.tolist()
            elif value != usual[name]:
                found[name] = list(value) if isinstance(value, tuple) else value
        return found


def read_edits(path: Path) -> list[Edit]:
    """The edits of a JSON file, an object or a list of objects; `InputError` names the file and the field."""
    content = read_json(path, remedy="give a file with an edit, or a list of edits")
    try:
        edits = [Edit.from_json(each) for each in (content if isinstance(content, list) else [content])]
        require_one_kind(edits)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return edits


def require_one_kind(edits: list[Edit] | tuple[Edit, ...]) -> None:
    """`InputError` unless there is an edit, and later thoughts are the same in all."""
    if not edits:
        raise InputError("There is no edit; give at least one.")
    if len({edit.later_thoughts for edit in edits}) > 1:
        raise _wrong("later_thoughts", "edits made together leave later thoughts all frozen or all rerolled")


def _wrong(field: str, fault: str) -> InputError:
    return InputError(f"Field {field!r} of the edit: {fault}.")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, f"{shown(value)} is not a text")
    return value


def _number(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, f"{shown(value)} is not a whole number")
    return value


def _numbers(name: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise _wrong(name, f"{shown(value)} is not a list of whole numbers")
    return tuple(_number(name, each) for each in value)


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong(name, f"{shown(value)} is not a list of texts")
    return tuple(_text(name, each) for each in value)


def _array(*dimensions: int):
    def read(name: str, value: object) -> np.ndarray:
        try:
            array = np.array(value, float)
        except (TypeError, ValueError) as error:
            raise _wrong(name, "it is not an array of numbers, all rows of one length") from error
        if array.ndim not in dimensions or not array.size or not np.isfinite(array).all():
            raise _wrong(name, f"it has to be finite numbers in {' or '.join(map(str, dimensions))} dimensions")
        return array

    return read


_READ = {
    **dict.fromkeys(("place", "content", "facts", "later_thoughts"), _text),
    **dict.fromkeys(("step", "donor", "seed"), _number),
    **dict.fromkeys(("thoughts", "layers", "heads"), _numbers),
    "nodes": _texts,
    "basis": _array(2),
    "given": _array(1, 3),
}
