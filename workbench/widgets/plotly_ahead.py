"""A server's first seconds: the browser fetches plotly, its largest download, while Python still imports.

Nothing heavier than Streamlit is imported here: the app imports this module before all others.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from workbench.computed.warm_up import OPENING, import_pages, is_cold

NOTHING = {"data": [{"type": "pie"}], "layout": {"height": 10, "margin": dict.fromkeys("lrtb", 0)}}
"""A pie without slices, as low as plotly allows: Streamlit takes no figure without data."""


@contextmanager
def plotly_ahead() -> Iterator[None]:
    """Around all that is drawn: on a cold server an invisible figure comes first and goes last.

    Inside, all that pages import is there. Of the first sessions of a server one imports it and the others wait.
    """
    cold, slot = is_cold(), st.empty()
    with OPENING:
        if cold:  # drawing a figure imports plotly and pandas
            slot.plotly_chart(NOTHING, key="plotly ahead", config={"displayModeBar": False})
        import_pages()
    try:
        yield
    finally:
        if cold:
            slot.empty()
