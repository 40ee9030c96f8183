"""What a first visitor is told: three callouts, and a tour of two chapters, reading and changing.

The browser remembers that they were dismissed; a button brings the tour back.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st

AXIS, ROWS, TREE, LEGEND = ".axis button[role=radio]", ".axis tr:nth-child(2)", ".plot svg .nodes", ".legend"
# Where a note stands, as a CSS selector, and what it says.
CALLOUTS = [
    (AXIS, "k is the number of continuous thoughts before the model has to speak. Click one, or press Play."),
    (TREE, "Each circle fills with the probability that its node is named next. Row k is what thought k may hold."),
    ("[data-testid=stPopover]", "Step through problems, paste a question of your own, or upload a file."),
]
READING = [
    ("h4", "The question. The facts behind it are the edges of the tree; only one of the two is within reach."),
    (".head", "What the model says after k thoughts, whether that is right, and how it got there."),
    (ROWS, "The probability of the right and of the wrong answer if the model had to answer now, for every k."),
    (TREE, "Circles in bold are the candidates at this k. A fuller, darker disc is a more probable name."),
    (LEGEND, "What the marks mean. Steps in red are edges that the model invented."),
]
CHANGING = [
    ("a[href$=what_if]", "The page What if changes the problem, or the thoughts on it."),
    (TREE, "There, click an edge to leave out its fact; click two nodes to add one."),
    ("a[href$=what_if]", "A grid shows what each edit of a single thought does to the answer. A click makes it."),
    ("a[href$=population]", "Population asks whether what you saw in one problem holds for many, beside controls."),
]


def offer_tour() -> None:
    """The callouts on a first visit, and the button of the tour."""
    mount = st.components.v2.component("tour", html='<div class="tour"></div>', css=_source("css"), js=_source("js"))
    chapters = [{"title": "Reading", "steps": _notes(READING)}, {"title": "Changing", "steps": _notes(CHANGING)}]
    mount(key="tour", data={"callouts": _notes(CALLOUTS), "chapters": chapters}, width="content")


def _notes(notes: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"at": at, "text": text} for at, text in notes]


@cache
def _source(ending: str) -> str:
    return Path(__file__).with_suffix(f".{ending}").read_text()
