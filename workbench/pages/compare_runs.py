"""Runs beside each other: what they reached, how they learned, where their configs differ."""

import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.figures.training_history import TrainingHistory, training_history
from coconut_core.errors import InputError
from workbench.choices import selection as session
from workbench.choices.problem_sets import problem_set, problem_sets
from workbench.computed.run_tables import config_differences, models_table
from workbench.computed.studies import table_1
from workbench.widgets.downloads import offer_result, offer_table

MOST = 7


def answer(folders, name: str, most: int) -> None:
    """Let the models of `folders` answer and show the table; a widget that is used meanwhile ends the computation."""
    working, told = session.working(f"{most} problems", halt)
    try:
        result, faults = table_1(folders, problem_set(shelf, name), most, told)
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
        return
    finally:
        working.empty()
    for fault in faults:
        st.warning(for_markdown(f"Left out: {fault}"), icon=":material/warning:")
    figure = result.figure()
    session.show_figure(figure, "table 1", result.caption())
    st.markdown(for_markdown(result.caption()))
    with st.expander("As a table"):
        st.dataframe(result.frame(), hide_index=True)
    offer_result(result, figure, "table-1")


def halt() -> None:
    """End the computation; what is done is kept."""
    st.session_state["answer"] = False


st.header("Compare runs")
folders = [folder for folder in session.shelf() if folder.fault is None]
if not folders:
    st.info(for_markdown(session.no_models()), icon=":material/lightbulb:")
    st.stop()
table = models_table(session.shelf())
number = st.column_config.NumberColumn
st.dataframe(
    table,
    hide_index=True,
    column_config={
        "mixed": number("stages mixed", format="%.2g"),
        "accuracy": number("accuracy, all thoughts", format="%.3f"),
        "accuracy_0": number("accuracy, none", format="%.3f"),
    },
)
offer_table(table, "runs", "Runs as CSV")
st.caption("Accuracies are of each run's own validation problems; below, the chosen runs answer the same ones.")
names = [folder.name for folder in folders]
usual = {"default": names[:MOST], "max_selections": MOST}
picked = st.multiselect("Runs beside each other", names, **usual, key="runs", bind="query-params")
shown = [folder for folder in folders if folder.name in picked]
if not shown:
    st.info("Choose at least one run above.", icon=":material/lightbulb:")
    st.stop()

histories = {folder.name: training_history(folder.path) for folder in shown}
kinds = sorted({kind for history in histories.values() for kind in history["kind"]}, key=lambda k: (k != "loss", k))
if kinds:
    left, right = st.columns(2)
    kind = left.selectbox("Curve", kinds, key="curve", bind="query-params")
    axis = right.selectbox("Against", ["samples", "seconds"], key="axis", bind="query-params")
    history = TrainingHistory(histories, kind, axis)
    figure = history.figure()
    session.show_figure(figure, "history", f"{kind} against {axis}, a line a run")
    offer_result(history, figure, "training")
else:
    st.info("None of these folders has a metrics.jsonl that can be read.", icon=":material/info:")

st.subheader("Table 1: all runs on the same problems", divider=True)
shelf = session.artifacts() / "problems"
sets = problem_sets(shelf)
if sets:
    left, middle, right = st.columns([3, 1, 2], vertical_alignment="bottom")
    name = left.selectbox("Problems", sets, key="asked", bind="query-params")
    most = middle.number_input("The first", 1, 2000, 100, step=100, key="asked_most", bind="query-params")
    wanted = right.toggle("Let every run answer them", key="answer", bind="query-params")
    if wanted:
        answer(shown, name, int(most))
else:
    st.info("There are no problems; make some on the page Problems.", icon=":material/lightbulb:")

st.subheader("Where the configs differ", divider=True)
differences = config_differences(shown)
if len(shown) < 2 or differences.empty:
    st.caption("Choose two or more runs whose configs differ.")
else:
    st.dataframe(differences, hide_index=True)
    offer_table(differences, "config-differences", "Differences as CSV")
