"""What is in each thought of the chosen problem, layer by layer."""

import re

import streamlit as st

from analyses.plain_text import for_markdown
from coconut_core.errors import InputError
from workbench import session
from workbench.downloads import offer_result
from workbench.readings import lens_of, thought_space_of

st.header("Thoughts")
chosen = session.selection_or_stop()
st.caption(
    "The residual stream at the position that computes each thought, read through the final norm and the language head "
    "after every layer. Nothing in the training asks a thought to be a word. The control is another model: choose one "
    "with pauses in its slots in the sidebar."
)
try:
    found, space = lens_of(chosen.model, chosen.problem), thought_space_of(chosen.model, chosen.problem)
except InputError as error:
    st.info(for_markdown(str(error)), icon=":material/lightbulb:")
    st.stop()
stem = re.sub(r"[^\w.-]+", "-", f"{chosen.model.name}-{chosen.label}").strip("-")
figure = found.figure()
alt = "Heat map of the most probable word by layer and thought, and the cosines between thoughts; the table has all."
session.show_figure(figure, "lens", alt)
with st.expander("All words"):
    st.dataframe(found.frame(), hide_index=True)
offer_result(found, figure, f"lens-{stem}")
figure = space.figure()
session.show_figure(figure, "space", space.caption())
st.markdown(for_markdown(space.caption()))
with st.expander("All nodes"):
    st.dataframe(space.frame(), hide_index=True)
offer_result(space, figure, f"thoughts-{stem}")
