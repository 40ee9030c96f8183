"""Runs beside each other: what they reached, how they learned, where their configs differ."""

import streamlit as st

from analyses.plain_text import for_markdown
from workbench import session
from workbench.downloads import offer_result, offer_table
from workbench.run_tables import config_differences, models_table
from workbench.training_history import TrainingHistory, training_history

MOST = 7


st.header("Compare runs")
folders = [folder for folder in session.shelf() if folder.fault is None]
if not folders:
    st.info(for_markdown(session.no_models()), icon=":material/lightbulb:")
    st.stop()
names = [folder.name for folder in folders]
picked = st.multiselect("Runs", names, default=names[:4], max_selections=MOST, key="runs", bind="query-params")
shown = [folder for folder in folders if folder.name in picked]
if not shown:
    st.info("Choose at least one run above.", icon=":material/lightbulb:")
    st.stop()

table = models_table(shown).drop(columns=["usable"])
st.dataframe(table, hide_index=True)
offer_table(table, "runs", "Runs as CSV")
st.caption(
    "Accuracies are of each run's own validation problems. For one set of problems, intervals and p-values: "
    "`python -m analyses.accuracy`."
)
histories = {folder.name: training_history(folder) for folder in shown}
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

st.subheader("Where the configs differ", divider=True)
differences = config_differences(shown)
if len(shown) < 2 or differences.empty:
    st.caption("Choose two or more runs whose configs differ.")
else:
    st.dataframe(differences, hide_index=True)
    offer_table(differences, "config-differences", "Differences as CSV")
