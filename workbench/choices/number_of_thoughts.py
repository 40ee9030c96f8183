"""k, the number of thoughts that a page shows: moved in the browser, kept for all pages, and held by the link."""

import streamlit as st

from workbench.choices.links import gone_to, hold, remember, say_absent

KEY = "k"
FIRST_K = 1
_SHOWN = "k at the page's last whole run"


def chosen_k(most: int) -> int:
    """The k that was chosen on any page, or that the link asks for, at most `most`; else `FIRST_K`.

    The browser puts k into the link by itself (`search_trees/view.js`), in place of what stood there, so that Back does
    not lead to every k; until it has, a link without k says nothing.
    """
    asked = gone_to(KEY)
    if asked in map(str, range(most + 1)):
        st.session_state[KEY] = int(asked)
    # A model with fewer thoughts may have been chosen since.
    k = min(st.session_state.get(KEY, FIRST_K), most)
    if asked and asked != str(k):
        say_absent(KEY, asked, k)
    remember(KEY, _written(k))
    return k


def choose_k(k: int) -> None:
    """Show another k from now on."""
    st.session_state[KEY] = k
    hold(KEY, _written(k))  # as the browser has it already, but Streamlit has to know


def _written(k: int) -> str | None:
    return None if k == FIRST_K else str(k)


def begin_at(k: int) -> None:
    """Before a page's whole run draws its trees: they begin at `k`."""
    st.session_state[_SHOWN] = k


def begun_at() -> int:
    """The k at which the page's trees began. What the browser moves since is no news to it, so that a tree which has
    not changed is not sent again."""
    return st.session_state[_SHOWN]
