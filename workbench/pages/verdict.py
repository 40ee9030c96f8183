"""What the instruments say of a model, question by question, and how far each of them is to be believed."""

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.bundled import artifacts
from coconut_core.errors import InputError
from workbench.choices.problem_sets import problem_set, problem_sets
from workbench.choices.selection import graph_or_stop, model_or_stop
from workbench.computed.verdicts import definition_of_instruments, exam, is_read, verdict
from workbench.widgets.downloads import offer_result
from workbench.widgets.figures import show_figure
from workbench.widgets.progress import working

USUAL, MOST = 100, 2000
"""Problems that a model is judged on."""
STOPPED = "verdict stopped"


def stop() -> None:
    """End the work; what was read is kept."""
    st.session_state[STOPPED] = True


def start() -> None:
    st.session_state.pop(STOPPED, None)


st.header("Verdict")
model = model_or_stop()
try:
    marks = exam()
except InputError as error:
    st.info(for_markdown(str(error)), icon=":material/lightbulb:")
    st.stop()
sets = problem_sets()
if not sets:
    st.info(for_markdown(f"There are no problems in {artifacts() / 'problems'}; make some on the page Problems."))
    st.stop()
left, middle, right = st.columns([3, 1.2, 1.3], vertical_alignment="bottom")
name = left.selectbox("Problems", sets, key="judged", bind="query-params")
most = middle.number_input("At most", 10, MOST, USUAL, step=50, key="judged_most", bind="query-params")
try:
    problems = problem_set(name)
except InputError as error:
    st.error(for_markdown(str(error)), icon=":material/error:")
    st.stop()
graph_or_stop(problems.task, "A verdict")
there = is_read(model, problems, int(most))
pressed = right.button("Judge", type="primary", on_click=start, disabled=there, width="stretch")

if there or pressed:
    try:
        with working(f"{model.name} is judged", stop) as progress:
            result = verdict(model, problems, int(most), marks, progress)
    except InputError as error:
        st.info(for_markdown(str(error)), icon=":material/lightbulb:")
        st.stop()
    drawing = result.figure()
    show_figure(drawing, f"verdict {model.name} {name} {most}", result.caption())
    own = result.answers[result.answers["model"] == model.name].set_index("asked")
    own = own[["answer", "sentence"]].map(for_markdown).rename(columns={"sentence": "what was found"})
    st.table(own.rename_axis("question"))
    offer_result(result, drawing, "verdict")
elif st.session_state.get(STOPPED):
    st.info("Stopped. What was read is kept; press Judge to go on.", icon=":material/lightbulb:")
else:
    st.caption(
        for_markdown(
            f"Judge asks eight questions of {model.name}: does it use its thoughts, are k of them worth k steps, what "
            "do they hold, what is known without them? A model of the bundled size takes about a minute. Only "
            "instruments that are right on every model whose algorithm is known have a vote."
        )
    )

st.subheader("How far each instrument is to be believed", divider=True)
drawing = marks.figure()
show_figure(drawing, "exam", marks.caption())
st.markdown(for_markdown(marks.caption()))
with st.expander("What each instrument looks for"):
    st.text(definition_of_instruments())
offer_result(marks, drawing, "exam")
