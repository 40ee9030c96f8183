"""Runs beside each other: what they reached, how they learned, where their configs differ."""

from collections.abc import Sequence

import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.figures.trainings.training_history import TrainingHistory, training_history
from coconut_core.errors import InputError
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import problem_set, problem_sets
from workbench.choices.selection import no_models, shelf, usable_models
from workbench.computed.run_tables import config_differences, models_table
from workbench.computed.studies import table_of_runs
from workbench.widgets.downloads import offer_result, offer_table
from workbench.widgets.figures import show_figure
from workbench.widgets.progress import working

RUNS_BESIDE = 7
"""Runs that stand beside each other at most."""
MOST_PROBLEMS = 2000
"""Problems that every run answers at most."""


def answer(folders: Sequence[ModelFolder], name: str, count: int) -> None:
    """Let the models of `folders` answer the first `count` problems of a set, and show the table."""
    try:
        with working(f"{count} problems", stop) as progress:
            result, faults = table_of_runs(folders, problem_set(name), count, progress)
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
        return
    for fault in faults:
        st.warning(for_markdown(f"Left out: {fault}"), icon=":material/warning:")
    figure = result.figure()
    show_figure(figure, "table 1", result.caption())
    st.markdown(for_markdown(result.caption()))
    with st.expander("As a table"):
        st.dataframe(result.frame(), hide_index=True)
    offer_result(result, figure, "table-1")


def stop() -> None:
    """End the computation; what is done is kept."""
    st.session_state["answer"] = False


st.header("Compare runs")
folders = usable_models()
if not folders:
    st.info(for_markdown(no_models()), icon=":material/lightbulb:")
    st.stop()
table = models_table(shelf())
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
usual = {"default": names[:RUNS_BESIDE], "max_selections": RUNS_BESIDE}
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
    show_figure(figure, "history", f"{kind} against {axis}, a line a run")
    offer_result(history, figure, "training")
else:
    st.info("None of these folders has a metrics.jsonl that can be read.", icon=":material/info:")

st.subheader("Table 1: all runs on the same problems", divider=True)
sets = problem_sets()
if sets:
    left, middle, right = st.columns([3, 1, 2], vertical_alignment="bottom")
    name = left.selectbox("Problems", sets, key="asked", bind="query-params")
    count = middle.number_input("The first", 1, MOST_PROBLEMS, 100, step=100, key="asked_most", bind="query-params")
    if right.toggle("Let every run answer them", key="answer", bind="query-params"):
        answer(shown, name, int(count))
else:
    st.info("There are no problems; make some on the page Problems.", icon=":material/lightbulb:")

st.subheader("Where the configs differ", divider=True)
differences = config_differences(shown)
if len(shown) < 2 or differences.empty:
    st.caption("Choose two or more runs whose configs differ.")
else:
    st.dataframe(differences, hide_index=True)
    offer_table(differences, "config-differences", "Differences as CSV")
