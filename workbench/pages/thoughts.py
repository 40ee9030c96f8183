"""What is in each thought of the chosen problem, layer by layer."""

from dataclasses import replace

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from workbench.choices import selection as session
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.selection import Selection
from workbench.computed.readings import lens_of, thought_space_of
from workbench.widgets.downloads import offer_result
from workbench.widgets.tree import stem_of


def choose_control(chosen: Selection) -> ModelFolder | None:
    """Another model with something in its slots, at first one whose slots hold pauses."""
    others = [f for f in session.shelf() if not f.fault and f != chosen.model and f.card().get("max_thoughts")]
    pauses = [folder.name for folder in others if folder.card().get("method") == "pause_as_thought"]
    return session.choose_other("Control", "beside", others, first=(*pauses, session.NOTHING)[0])


def show(chosen: Selection) -> None:
    """What the thoughts of one model say and where they lie; `InputError` where it has none."""
    folder, stem = chosen.model, stem_of(chosen)
    found, space = lens_of(folder, chosen.problem), thought_space_of(folder, chosen.problem)
    figure = found.figure()
    alt = (
        "Heat map of the most probable word by layer and thought, and the cosines between thoughts; the table has all."
    )
    session.show_figure(figure, f"lens {folder.name}", alt)
    with st.expander("All words"):
        st.dataframe(found.frame(), hide_index=True)
    offer_result(found, figure, f"lens-{stem}", f"lens {folder.name}")
    figure = space.figure()
    session.show_figure(figure, f"space {folder.name}", space.caption())
    st.markdown(for_markdown(space.caption()))
    with st.expander("All nodes"):
        st.dataframe(space.frame(), hide_index=True)
    offer_result(space, figure, f"thoughts-{stem}", f"thoughts {folder.name}")


st.header("Thoughts")
chosen = session.selection_or_stop()
st.caption(
    "The residual stream at the position that computes each thought, read through the final norm and the language head "
    "after every layer. Nothing in the training asks a thought to be a word; the control is another "
    "model, at first one with pauses in its slots."
)
control = choose_control(chosen)
for role, folder in (("", chosen.model), ("Control: ", control)):
    if folder is None:
        continue
    st.subheader(for_markdown(f"{role}{folder.name}"), divider=True)
    try:
        show(replace(chosen, model=folder))
    except InputError as error:
        st.info(for_markdown(str(error)), icon=":material/lightbulb:")
