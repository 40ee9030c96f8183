"""The rail of visited states, in a popover on every page."""

from functools import partial

import streamlit as st

from analyses.drawing.escaping import for_markdown
from workbench.choices import history
from workbench.choices.history import LONGEST_NOTE, State, return_to, states

WIDTH = 460
LARGEST_FILE = 1
"""Megabytes of a saved history."""


def offer_history(page: str) -> None:
    """A button that opens the list; below the line, what kept a state from being shown."""
    found = states()
    with st.popover(
        "History", icon=":material/history:", help="What you have looked at: return to it, pin it, save it."
    ):
        with st.container(width=WIDTH):
            st.button(
                "Pin what is shown now",
                icon=":material/keep:",
                disabled=page not in history.PAGES,
                on_click=_pin_present,
                args=(page,),
            )
            for index, state in enumerate(found):
                _show(index, state)
            if not found:
                st.caption("Problems that you look at are listed here.")
            _offer_file(bool(found))


def _show(index: int, state: State) -> None:
    """One state: its pin, its name or title, which leads back to it, and, where it is pinned, what is noted of it."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            "",
            key=f"history pin {index}",
            icon=":material/keep_off:" if state.pinned else ":material/keep:",
            help="Let it go" if state.pinned else "Pin it, to name it and to write a note",
            on_click=partial(history.keep, state, pinned=not state.pinned),
            type="tertiary",
        )
        st.button(
            for_markdown(f"{state.name or state.title} · k = {state.k}"),
            key=f"history state {index}",
            help=for_markdown(state.title),
            on_click=return_to,
            args=(state,),
            type="tertiary",
        )
    if state.pinned:
        with st.container(horizontal=True, gap="small"):
            for field, width in (("name", 150), ("note", "stretch")):
                # Keys are of what is shown, so that a note stays with its state when the order changes.
                key = f"history {field} {hash(state.view)}"
                st.text_input(
                    field.capitalize(),
                    getattr(state, field),
                    key=key,
                    max_chars=LONGEST_NOTE,
                    placeholder=field.capitalize(),
                    label_visibility="collapsed",
                    width=width,
                    on_change=_write,
                    args=(state, field, key),
                )


def _offer_file(any_states: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Save",
            history.to_json,
            "coconut-history.json",
            "application/json",
            icon=":material/download:",
            disabled=not any_states,
            on_click="ignore",
        )
        st.button("Forget what is not pinned", on_click=history.clear, disabled=not any_states)
    st.file_uploader(
        "Open a saved history",
        type=["json"],
        max_upload_size=LARGEST_FILE,
        key="history file",
        on_change=_open,
    )


def _pin_present(page: str) -> None:
    if (state := history.present(page)) is not None:
        history.keep(state, pinned=True)


def _write(state: State, field: str, key: str) -> None:
    history.keep(state, **{field: st.session_state[key]})


def _open() -> None:
    if (file := st.session_state["history file"]) is not None:
        history.open_file(file.getvalue(), file.name)


def show_fault() -> None:
    """What kept a state from being shown, or a file from being opened."""
    if fault := history.fault():
        st.warning(for_markdown(fault), icon=":material/warning:")
