"""Thoughts that go by themselves: the clock behind the toggle “Play”."""

import time

import streamlit as st

PLAY_SECONDS = 1.2
"""Between two ticks."""


def is_playing() -> bool:
    return bool(st.session_state.get("play"))


def touch() -> None:
    """Somebody, or the clock, has moved something: the next tick is due a while from now."""
    st.session_state["touched"] = time.monotonic()


def tick(key: str, first: int, values: int) -> None:
    """If a tick is due, move the slider `key`, which begins at `first`, to the next of its `values` from 0 on."""
    if time.monotonic() - st.session_state.get("touched", 0.0) > 0.8 * PLAY_SECONDS:
        st.session_state[key] = (st.session_state.get(key, first) + 1) % values
        touch()
