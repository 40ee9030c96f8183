"""What a link asks for, and what the link of a page holds.

Streamlit gives a bound widget the value that stands in the address and silently drops one that the widget does not
have. Here a value may also be the short key of a choice (`problem=17`), which stays what it is when a label is worded
anew; and one that is not there is said, not replaced without a word.

What no widget holds is written with `hold`, and read with `gone_to`, which also notices the browser's Back and
Forward.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from analyses.drawing.escaping import for_markdown

LONGEST_VALUE = 80
"""Characters of a link's value that are quoted."""
RETIRED = {
    "edited": "A question that was edited came with the whole text",
    "change": "Changes of thoughts came with one kind for all",
    "which": "Changes of thoughts came with one kind for all",
}
"""What links of earlier versions held and no page reads any more, and how it was."""
_ASKED, _HELD, _SAID = "link: asked at first", "link: held", "link: said"
_PAGE = "link: page"


@contextmanager
def followed(page: str) -> Iterator[None]:
    """Around the page of this name: on a session's first run, what its link asks for in vain is said above it."""
    state = st.session_state
    first, place = _ASKED not in state, st.container()
    state[_PAGE] = page
    if first:
        state[_ASKED] = {key: st.query_params.get_all(key) for key in st.query_params}
    try:
        yield
    finally:
        if first:
            with place:
                _say_what_was_dropped(state[_ASKED])


def take_from_link(key: str, labels: Mapping[str, object], shown: object) -> None:
    """Give the widget `key` what the link asks for, by short key or by label; warn where there is no such choice.

    `labels` holds the widget's value by short key and `shown` is what stands there otherwise. Once the widget is there,
    it holds what was chosen and the link has no say.
    """
    asked = st.query_params.get(key)
    if key in st.session_state or asked is None:
        return
    if asked in labels:
        st.session_state[key] = labels[asked]
        st.session_state.setdefault(_SAID, set()).add(key)  # by its key: the label that follows is what was meant
    elif asked not in map(str, labels.values()):
        say_absent(key, asked, shown)


def say_absent(key: str, asked: str, shown: object) -> None:
    """A warning that the link asks for what cannot be chosen, and what is shown in its place; once a key."""
    said = st.session_state.setdefault(_SAID, set())
    if key not in said:
        said.add(key)
        words = f"{key} = “{asked[:LONGEST_VALUE]}” of the link cannot be chosen here; “{shown}” is shown instead."
        st.warning(for_markdown(words), icon=":material/warning:")


def is_said(keys: Iterable[str]) -> None:
    """That what the link asks for under these keys is not there has been said in other words."""
    st.session_state.setdefault(_SAID, set()).update(keys)


def hold(key: str, value: str | None) -> None:
    """Keep `value` in the link of this page; None leaves `key` out of it."""
    if value is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != value:
        st.query_params[key] = value
    remember(key, value)


def remember(key: str, value: str | None) -> None:
    """Know that the link of this page holds `value`, which the browser put there."""
    st.session_state.setdefault(_HELD, {})[key] = (st.session_state.get(_PAGE), value)


def gone_to(key: str) -> str | None:
    """What the address names since this page last held something else: a link was opened, or the browser went back or
    forward. "" where it names nothing any more, None where there is nothing new."""
    now = st.query_params.get(key)
    page, held = st.session_state.get(_HELD, {}).get(key, (None, None))
    if page is None or page != st.session_state.get(_PAGE):
        return now
    return None if now == held else now or ""


def _say_what_was_dropped(asked: Mapping[str, list[str]]) -> None:
    if retired := [key for key in asked if key in RETIRED]:
        how = " ".join(dict.fromkeys(f"{RETIRED[key]}." for key in retired))
        st.warning(
            f"This link is of an earlier version, and {', '.join(retired)} in it is not read any more. {how} Make the "
            "edit again on the page What if: click a cell of the grid, or “More edits”.",
            icon=":material/warning:",
        )
    for key, values in asked.items():
        if key in st.query_params or key not in st.session_state:
            continue  # as it was asked for, or not for this page to say
        chosen = st.session_state[key]
        shown = [str(each) for each in chosen] if isinstance(chosen, list | tuple) else [str(chosen)]
        if {each.lower() for each in shown} != {each.lower() for each in values}:
            say_absent(key, ", ".join(values), ", ".join(shown) or "nothing")
