"""k, the number of thoughts that a page shows: moved in the browser, kept for all pages, and held by the link."""

import streamlit as st

KEY = "k"
FIRST_K = 1
_SHOWN = "k at the page's last whole run"


def chosen_k(most: int) -> int:
    """The k that was chosen on any page, or that the link asks for, at most `most`; else `FIRST_K`, without a link."""
    asked = st.session_state.get(KEY, st.query_params.get(KEY))
    k = int(asked) if str(asked) in map(str, range(most + 1)) else FIRST_K
    if KEY in st.session_state and k != st.session_state[KEY]:
        k = most  # a model with fewer thoughts was chosen since
    if k == FIRST_K:
        st.query_params.pop(KEY, None)
    elif st.query_params.get(KEY) != str(k):
        st.query_params[KEY] = str(k)
    return k


def choose_k(k: int) -> None:
    """Show another k from now on."""
    st.session_state[KEY] = k


def begin_at(k: int) -> None:
    """Before a page's whole run draws its trees: they begin at `k`."""
    st.session_state[_SHOWN] = k


def begun_at() -> int:
    """The k at which the page's trees began. What the browser moves since is no news to it, so that a tree which has
    not changed is not sent again."""
    return st.session_state[_SHOWN]
