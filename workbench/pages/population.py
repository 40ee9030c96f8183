"""The paper's figures for the chosen models and problems, filtered; every row leads to the problem it stands for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.figures.problem_map import MAPPED, problem_map
from analyses.report import export
from analyses.report.bundles import bundle
from coconut_core.bundled import artifacts, bundled_sets
from coconut_core.errors import InputError
from workbench.choices.as_python import population_script
from workbench.choices.links import take_from_link
from workbench.choices.problem_sets import ProblemSet, open_problem, problem_set, problem_sets
from workbench.choices.selection import graph_or_stop, model_or_stop, reset_with, usable_models
from workbench.computed.studies import figure_definition, figure_titles, population_of
from workbench.widgets.downloads import offer, offer_result, offer_script, pictures
from workbench.widgets.figures import show_figure
from workbench.widgets.progress import working

FIRST_FIGURE = "figure_5"
ONE_TREE = "figure_7"
"""The tree of one problem has a page of its own."""
STOPPED = "population stopped"
LARGEST_POPULATION = 5000
"""Problems that are asked about at once."""
USUAL_POPULATION = 100
WIDEST = 12
"""Children of a root that the slider reaches to, also where no problem has as many."""
EITHER = "right or wrong"


def stop() -> None:
    """End the computation; what is done is kept."""
    st.session_state[STOPPED] = True


def resume() -> None:
    st.session_state.pop(STOPPED, None)


def choose_numbers(problems: ProblemSet) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Numbers of the problems that pass the filter but for how they were answered, and the filter."""
    table = problems.table
    distance = table["hops"].fillna(0).astype(int)  # 0 of a target that cannot be reached
    hops, widest = sorted(distance.unique().tolist()), (0, max(WIDEST, int(table["children of the root"].max())))
    usual = min(USUAL_POPULATION, len(table))
    for key, value in (("hops", hops), ("children", widest), ("most", usual)):
        reset_with(problems.name, key, value)
    with st.form("filter", border=False):
        columns = st.columns([2, 2, 1.2, 1.5, 1.3], vertical_alignment="bottom")
        kept_hops = columns[0].multiselect("Hops", hops, default=hops, key="hops", bind="query-params")
        children = columns[1].slider("Children of the root", *widest, widest, key="children", bind="query-params")
        most = columns[2].number_input(
            "At most", 1, LARGEST_POPULATION, usual, step=100, key="most", bind="query-params"
        )
        answered = columns[3].selectbox("Answered", [EITHER, "right", "wrong"], key="answered", bind="query-params")
        columns[4].form_submit_button("Compute", type="primary", on_click=resume, width="stretch")
    passed = distance.isin(kept_hops) & table["children of the root"].between(*children)
    chosen = {"hops": kept_hops, "children of the root": children, "at most": most, "answered": answered}
    return tuple(int(number) for number in table.loc[passed, "problem"][: int(most)]), chosen


def choose_row(table: pd.DataFrame, behind: Sequence[int], key: str) -> int | None:
    """Number of the problem whose row is chosen, among those `behind` the marks that were clicked, or among all."""
    listed = table[table["problem"].isin(behind)] if behind else table
    if behind:
        st.markdown(f"**{len(listed)} of {len(table)} problems, those behind the mark that was clicked:**")
    rows = st.dataframe(
        listed, hide_index=True, key=f"rows {key} {hash(tuple(behind))}", on_select="rerun", selection_mode="single-row"
    )["selection"]["rows"]
    return int(listed.iloc[rows[0] if rows else 0]["problem"]) if rows or len(listed) == 1 else None


st.header("Population")
model = model_or_stop()
folders = usable_models()
left, right = st.columns(2)
controls = left.multiselect(
    for_markdown(f"Controls beside {model.name}"),
    [folder.name for folder in folders if folder.name != model.name],
    max_selections=5,
    key="controls",
    bind="query-params",
    help="An untrained model of the same shape is always among them.",
)
sets = problem_sets()
if not sets:
    st.info(for_markdown(f"There are no problems in {artifacts() / 'problems'}; make some on the page Problems."))
    st.stop()
name = right.selectbox("Problems", sets, key="population", bind="query-params")
try:
    problems = problem_set(name)
except InputError as error:
    st.error(for_markdown(str(error)), icon=":material/error:")
    st.stop()
graph_or_stop(problems.task, "A population")
numbers, filtered = choose_numbers(problems)
if not numbers:
    st.info("No problem passes the filter; widen it.", icon=":material/lightbulb:")
    st.stop()

titles = {name: title for name, title in figure_titles().items() if not name.startswith(ONE_TREE)}
take_from_link(
    "figure", {name: name for name in titles} | {title: name for name, title in titles.items()}, titles[FIRST_FIGURE]
)
figure_name = st.selectbox(
    "Figure",
    list(titles),
    list(titles).index(FIRST_FIGURE),
    format_func=titles.get,
    key="figure",
    bind="query-params",
    help="Every figure and table of the report; type to search them by name.",
)
if st.session_state.get(STOPPED):
    st.info("Stopped. What was computed is kept; press Compute to go on.", icon=":material/lightbulb:")
    st.stop()
models, answered = [model, *(folder for folder in folders if folder.name in controls)], filtered["answered"]
try:
    with working(f"{len(numbers)} problems", stop) as progress:
        if answered != EITHER:
            study = population_of([model], problems, numbers, progress).study
            correct = study.final_answers(study.model).correct[:, 0]
            numbers = tuple(n for n, was in zip(numbers, correct, strict=True) if was == (answered == "right"))
        if not numbers:
            raise InputError(f"No problem that passes the filter was answered {answered}.")
        population = population_of(models, problems, numbers, progress)
        result, table, done = population.figure(figure_name), population.table(), population.figures()
except InputError as error:
    st.info(for_markdown(str(error)), icon=":material/lightbulb:")
    st.stop()
drawing, caption = result.figure(), result.caption()
# A choice of a mark or a row belongs to what was shown.
shown = f"{name} {hash(numbers)}"
clicks = {"on_select": "rerun", "selection_mode": "points"}
marks = show_figure(drawing, f"{figure_name} {shown}", caption, **clicks)["selection"]["points"]
st.markdown(for_markdown(caption))
with st.expander("What is plotted"):
    st.text(figure_definition(figure_name))
offer_result(result, drawing, figure_name)
if name in bundled_sets():  # a set made or uploaded here is nowhere else
    offer_script(population_script(models, name, numbers, figure_name))
about = {
    "models": {folder.name: folder.card().get("model_sha256") for folder in models},
    "problems": name,
    "problems_sha256": problems.sha256,
    "numbers": list(numbers),
    "filter": filtered,
}
st.download_button(
    f"Figures computed so far ({len(done)}) as zip",
    lambda: bundle(
        about,
        {**{key: each.frame() for key, each in done.items()}, "problems": table},
        {key: each.figure() for key, each in done.items()},
        {},
    ),
    "population.zip",
    "application/zip",
    on_click="ignore",
    icon=":material/folder_zip:",
)

st.subheader("The problems", divider=True)
across, up = st.columns(2)
x = across.selectbox("Across", MAPPED, index=0, key="across", bind="query-params")
y = up.selectbox("Up", MAPPED, index=1, key="up", bind="query-params")
mapped = problem_map(table, x, y)
alt = f"{y} against {x}, a point a problem; the table has the numbers."
points = show_figure(mapped, f"map {shown}", alt, **clicks)["selection"]["points"]
csv = ("Problems as CSV", "population.csv", lambda: export.csv(table))
offer([csv, *pictures(lambda: mapped, "problem-map", "Map as ")], "map ")
behind = [int(number) for point in points for number in point["customdata"][:1]]
behind += [numbers[index] for mark in marks for index in np.ravel(mark.get("customdata", [])).tolist()]
number = choose_row(table, behind, shown)
if number is None:
    st.caption(
        "Choose a row to open its search tree, or click a mark: a point of the map, a class of figure 5, a curve of "
        "figure 8 and a point of figure 9 lead to the problems that they stand for."
    )
else:
    label = f"Open the search tree of problem {number}"
    st.button(label, icon=":material/account_tree:", on_click=open_problem, args=(name, number))
