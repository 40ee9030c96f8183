"""Search trees that the browser redraws by itself while k moves, with the axis of k above and the legend below.

All k are sent at once: the marks of `analyses/drawing/tree` as plain JSON, those that no k moves once. The scripts in
`search_trees/` draw them; they need no build step, and the server hears of k when it rests, for tables and other pages.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import streamlit as st

from analyses.drawing.palette import DARK, LIGHT, Palette
from analyses.drawing.tree.figure import MARGIN
from analyses.drawing.tree.layout import WIDTH
from workbench.choices.number_of_thoughts import FIRST_K, begun_at, choose_k
from workbench.widgets.figures import dark

HTML = '<div class="trees"></div>'


@dataclass(frozen=True)
class TreeData:
    """One tree after every number of thoughts, as the browser takes it."""

    content: dict

    @classmethod
    def of(cls, drawn: Sequence[dict], words: Sequence[str], names: Sequence[str]) -> "TreeData":
        """`drawn` are the trees of one problem by k (`drawn_tree`), `words` each of them for those who do not see it.

        `names` are those of the problem's nodes.
        """
        traces = [_told_apart(each["data"]) for each in drawn]
        fixed = [trace for trace in traces[0] if all(trace in others for others in traces[1:])]
        first = drawn[0]["layout"]
        bar = next(trace for trace in traces[0] if trace["name"] == "values")["marker"]
        ticks = bar["colorbar"]["tickvals"]
        title = bar["colorbar"]["title"]["text"].split(" after ")[0]
        frames = [
            {
                "traces": [trace for trace in own if trace not in fixed],
                "shapes": each["layout"]["shapes"],
                "annotations": each["layout"]["annotations"],
                "title": each["layout"]["title"]["subtitle"]["text"],
                "words": said,
            }
            for own, each, said in zip(traces, drawn, words, strict=True)
        ]
        content = {"fixed": fixed, "frames": frames, "order": _order(traces), "names": list(names)}
        content |= {"bottom": first["yaxis"]["range"][0], "top": first["yaxis"]["range"][1]}
        content |= {"left": MARGIN["l"], "right": MARGIN["r"], "width": WIDTH}
        content["scale"] = {"colours": bar["colorscale"], "least": f"{ticks[0]}", "most": f"{ticks[-1]}"}
        content["scale"]["title"] = title
        return cls(content)


@dataclass(frozen=True)
class AxisRow:
    """A line below the axis of k: a probability by k, in the colour of what it is of."""

    name: str
    colour: str
    values: Sequence[float]


@dataclass(frozen=True)
class View:
    """Trees that are seen together, under a name that chooses them."""

    name: str
    trees: tuple[int, ...]


@dataclass(frozen=True)
class Answered:
    """What a model says after some k, by k."""

    before: str
    words: str
    right: bool
    way: str
    after: str = ""


@dataclass(frozen=True)
class TreeView:
    """Everything that `show` hands to the browser."""

    ks: Sequence[int]
    trees: Sequence[TreeData]
    views: Sequence[View]
    heads: Sequence[Sequence[Answered]] = ()
    """For each model, what it says by k."""
    rows: Sequence[AxisRow] = ()
    right: Sequence[bool] = ()
    """Whether the answer is right, by k."""
    chosen: int | None = None
    """The node that is marked as chosen."""
    title: str = ""
    """What stands above the trees in a picture of them."""
    stem: str = "search-tree"
    """How files of the trees are named."""
    edits: bool = False
    """Whether a click on an edge drops its fact and clicks on two nodes add one; else a click chooses a node."""

    def show(self, key: str, clicked: Callable[[dict], None]) -> None:
        """Draw the trees; `clicked` hears of {"node": n}, {"drop": [parent, child]} or {"add": [parent, child]}."""
        palette = DARK if dark() else LIGHT
        content: dict[str, Any] = {
            "ks": list(self.ks),
            "trees": [tree.content for tree in self.trees],
            "views": [vars(view) for view in self.views],
            "heads": [[vars(answered) for answered in head] for head in self.heads],
            "rows": [{**vars(row), "values": _without_nan(row.values)} for row in self.rows],
            "right": list(self.right),
            "title": self.title,
            "stem": self.stem,
            "edits": self.edits,
            "chosen": self.chosen,
            "palette": _colours(palette),
        }
        content["revision"] = crc32(json.dumps(content).encode())

        def moved() -> None:
            if (k := st.session_state[key].get("k")) in self.ks:
                choose_k(k)

        def was_clicked() -> None:
            if event := st.session_state[key].get("clicked"):
                clicked(event)

        mount = st.components.v2.component("search_trees", html=HTML, css=_source("css"), js=_source("js"))
        mount(
            key=key,
            data=content | {"k": begun_at(), "usual": FIRST_K},
            on_k_change=moved,
            on_clicked_change=was_clicked,
        )


@cache
def _source(ending: str) -> str:
    """All of `search_trees/` of one kind: the browser takes them as one module."""
    return "\n".join(path.read_text() for path in sorted((Path(__file__).parent / "search_trees").glob(f"*.{ending}")))


def _colours(palette: Palette) -> dict[str, str]:
    return {each.name: getattr(palette, each.name) for each in fields(Palette) if each.name != "scale"}


def _without_nan(values: Sequence[float]) -> list[float | None]:
    return [None if value != value else float(value) for value in values]


def _told_apart(traces: Sequence[dict]) -> list[dict]:
    """The traces with names of their own; those of the legend keep theirs."""
    seen: dict[str, int] = {}
    named = []
    for trace in traces:
        name = trace["name"]
        if not trace.get("showlegend"):
            seen[name] = seen.get(name, 0) + 1
            name = name if seen[name] == 1 else f"{name} {seen[name]}"
        named.append({**trace, "name": name})
    return named


def _order(by_k: Sequence[Sequence[dict]]) -> list[str]:
    """Names of all traces from back to front: each k draws in this order, and may leave some out."""
    order: list[str] = []
    for traces in by_k:
        place = 0
        for trace in traces:
            if trace["name"] in order:
                place = max(place, order.index(trace["name"]) + 1)
            else:
                order.insert(place, trace["name"])
                place += 1
    return order
