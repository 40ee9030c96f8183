"""What is in each thought of the chosen problem, layer by layer."""

from dataclasses import replace

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from workbench.choices.as_python import thoughts_script
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.selection import NOTHING, Selection, choose_other, selection_or_stop, usable_models
from workbench.computed.readings import lens_of, most_thoughts, thought_space_of
from workbench.widgets.downloads import offer_result, offer_script
from workbench.widgets.figures import show_figure
from workbench.widgets.tree_files import stem_of


def choose_control(chosen: Selection) -> ModelFolder | None:
    """Another model with something in its slots, at first one whose slots hold pauses."""
    others = [f for f in usable_models() if f != chosen.model and f.card().get("max_thoughts")]
    pauses = [folder.name for folder in others if folder.card().get("method") == "pause_as_thought"]
    return choose_other("Control", "beside", others, first=(*pauses, NOTHING)[0])


def show_words(chosen: Selection) -> None:
    """What the thoughts of one model say; `InputError` where it has none."""
    name, found = chosen.model.name, lens_of(chosen.model, chosen.problem)
    figure = found.figure()
    alt = (
        "Heat map of the most probable word by layer and thought, and the cosines between thoughts; the table has all."
    )
    show_figure(figure, f"lens {name}", alt)
    with st.expander("All words"):
        st.dataframe(found.frame(), hide_index=True)
    offer_result(found, figure, f"lens-{stem_of(chosen)}", f"lens {name}")
    offer_script(thoughts_script(chosen, most_thoughts(chosen.model)))


def show_places(chosen: Selection) -> None:
    """Where the thoughts of one model lie among the problem's nodes; `InputError` where there are no nodes."""
    chosen.task.require_graph("A picture of where the thoughts lie")
    name, space = chosen.model.name, thought_space_of(chosen.model, chosen.problem)
    figure = space.figure()
    show_figure(figure, f"space {name}", space.caption())
    st.markdown(for_markdown(space.caption()))
    with st.expander("All nodes"):
        st.dataframe(space.frame(), hide_index=True)
    offer_result(space, figure, f"thoughts-{stem_of(chosen)}", f"thoughts {name}")


st.header("Thoughts")
chosen = selection_or_stop()
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
        show_words(replace(chosen, model=folder))
        show_places(replace(chosen, model=folder))
    except InputError as error:
        st.info(for_markdown(str(error)), icon=":material/lightbulb:")
