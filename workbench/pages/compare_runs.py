"""Runs beside each other: what they reached, how they learned, where their configs differ."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from analyses import export
from analyses.chart import STYLES, framed
from analyses.plain_text import for_markdown
from workbench import session
from workbench.run_tables import config_differences, models_table, training_history

MOST = 7


def history_figure(histories: dict[str, pd.DataFrame], kind: str, axis: str) -> go.Figure:
    """One line a run: `kind` against samples or seconds."""
    figure = go.Figure()
    for index, (name, history) in enumerate(histories.items()):
        line = history[history["kind"] == kind]
        colour, dash, _ = STYLES[index % len(STYLES)]
        look = {"color": colour, "dash": dash, "width": 1.8}
        figure.add_scatter(x=line[axis], y=line["value"], name=name, mode="lines", line=look)
    figure.update_xaxes(title_text="questions seen" if axis == "samples" else "seconds of training")
    figure.update_yaxes(title_text="loss, nats a label" if kind == "loss" else kind)
    if kind == "loss":
        figure.update_yaxes(type="log")
    note = (
        "mean over the labels of the stages that were trained" if kind == "loss" else "on the run's validation problems"
    )
    return framed(figure, f"Training: {kind}", note, height=430, legend=2)


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
    figure = history_figure(histories, kind, axis)
    st.plotly_chart(figure, theme=None, key="history", alt=f"{kind} against {axis}, a line a run")
    everything = pd.concat([h.assign(run=name) for name, h in histories.items()], ignore_index=True)
    offers = st.columns(2)
    offers[0].download_button(
        "Curves as CSV", export.csv(everything), "training.csv", "text/csv", icon=":material/download:"
    )
    offers[1].download_button(
        "Figure as HTML", lambda: export.html(figure), "training.html", "text/html", icon=":material/download:"
    )
else:
    st.info("None of these folders has a metrics.jsonl that can be read.", icon=":material/info:")

st.subheader("Where the configs differ", divider=True)
differences = config_differences(shown)
if len(shown) < 2 or differences.empty:
    st.caption("Choose two or more runs whose configs differ.")
else:
    st.dataframe(differences, hide_index=True)
