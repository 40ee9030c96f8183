"""The paper's figures for the chosen models and problems, filtered; every row leads to the problem it stands for."""

import numpy as np
import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.figures.problem_map import MAPPED, problem_map
from analyses.report import export
from analyses.report.bundles import bundle
from coconut_core.errors import InputError
from workbench.choices import selection as session
from workbench.choices.problem_sets import open_problem, problem_set, problem_sets
from workbench.computed.studies import figure_definition, figure_titles, population_of
from workbench.widgets.downloads import offer, offer_result, pictures

# Figures of one problem, of the machine's speed, or that need models of several c, have their places elsewhere.
SHOWN = ("figure_5", "figure_8", "figure_9", "search_order", "commitment", "calibration", "early_stopping")
SHOWN += ("superposition", "attention", "figure_4", "table_2")
STOPPED = "population stopped"
MOST = 5000
"""Problems that are asked about at once."""


def halt() -> None:
    """End the computation; what is done is kept."""
    st.session_state[STOPPED] = True


def resume() -> None:
    st.session_state.pop(STOPPED, None)


st.header("Population")
model = session.model_or_stop()
folders = [folder for folder in session.shelf() if folder.fault is None]
others = [folder.name for folder in folders if folder.name != model.name]
left, right = st.columns(2)
controls = left.multiselect(
    for_markdown(f"Controls beside {model.name}"),
    others,
    max_selections=5,
    key="controls",
    bind="query-params",
    help="An untrained model of the same shape is always among them.",
)
shelf = session.artifacts() / "problems"
sets = problem_sets(shelf)
if not sets:
    st.info(for_markdown(f"There are no problems in {shelf}; make some on the page Problems."))
    st.stop()
name = right.selectbox("Problems", sets, key="population", bind="query-params")
try:
    problems = problem_set(shelf, name)
except InputError as error:
    st.error(for_markdown(str(error)), icon=":material/error:")
    st.stop()

every = problems.table
distance = every["hops"].fillna(0).astype(int)  # 0 of a target that cannot be reached
hops, widest = sorted(distance.unique().tolist()), (0, max(12, int(every["children of the root"].max())))
usual = min(100, len(every))
for key, value in (("hops", hops), ("children", widest), ("most", usual)):
    session.reset_with(name, key, value)
with st.form("filter", border=False):
    columns = st.columns([2, 2, 1.2, 1.5, 1.3], vertical_alignment="bottom")
    kept_hops = columns[0].multiselect("Hops", hops, default=hops, key="hops", bind="query-params")
    children = columns[1].slider("Children of the root", *widest, widest, key="children", bind="query-params")
    most = columns[2].number_input("At most", 1, MOST, usual, step=100, key="most", bind="query-params")
    answered = columns[3].selectbox(
        "Answered", ["right or wrong", "right", "wrong"], key="answered", bind="query-params"
    )
    columns[4].form_submit_button("Compute", type="primary", on_click=resume, width="stretch")

fits = distance.isin(kept_hops) & every["children of the root"].between(*children)
numbers = tuple(int(number) for number in every.loc[fits, "problem"][: int(most)])
if not numbers:
    st.info("No problem passes the filter; widen it.", icon=":material/lightbulb:")
    st.stop()

titles = figure_titles(SHOWN)
figure_name = st.selectbox("Figure", list(titles), format_func=titles.get, key="figure", bind="query-params")
if st.session_state.get(STOPPED):
    st.info("Stopped. What was computed is kept; press Compute to go on.", icon=":material/lightbulb:")
    st.stop()
working, told = session.working(f"{len(numbers)} problems", halt)
models = [model, *(folder for folder in folders if folder.name in controls)]
try:
    if answered != "right or wrong":
        asked = population_of([model], problems, numbers, told).study
        right = asked.final_answers(asked.model).correct[:, 0]
        numbers = tuple(n for n, was in zip(numbers, right, strict=True) if was == (answered == "right"))
    if not numbers:
        working.empty()
        st.info(f"No problem that passes the filter was answered {answered}.", icon=":material/lightbulb:")
        st.stop()
    population = population_of(models, problems, numbers, told)
    result, table = population.figure(figure_name), population.table()
except InputError as error:
    working.empty()
    st.info(for_markdown(str(error)), icon=":material/lightbulb:")
    st.stop()
working.empty()
drawing, caption = result.figure(), result.caption()
# A choice of a mark or a row belongs to what was shown.
shown = f"{name} {hash(numbers)}"
marks = session.show_figure(drawing, f"{figure_name} {shown}", caption, on_select="rerun", selection_mode="points")[
    "selection"
]["points"]
st.markdown(for_markdown(caption))
with st.expander("What is plotted"):
    st.text(figure_definition(figure_name))
offer_result(result, drawing, figure_name)

done = dict(population.figures)
about = {
    "models": {folder.name: folder.card().get("model_sha256") for folder in models},
    "problems": name,
    "problems_sha256": problems.sha256,
    "numbers": list(numbers),
    "filter": {"hops": kept_hops, "children of the root": children, "at most": most, "answered": answered},
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
points = session.show_figure(
    mapped,
    f"map {shown}",
    f"{y} against {x}, a point a problem; the table has the numbers.",
    on_select="rerun",
    selection_mode="points",
)["selection"]["points"]
csv = ("Problems as CSV", "population.csv", lambda: export.csv(table))
offer([csv, *pictures(lambda: mapped, "problem-map", "Map as ")], "map ")
behind = [int(number) for point in points for number in point["customdata"][:1]]
behind += [numbers[index] for point in marks for index in np.ravel(point.get("customdata", [])).tolist()]
listed = table[table["problem"].isin(behind)] if behind else table
if behind:
    st.markdown(f"**{len(listed)} of {len(table)} problems, those behind the mark that was clicked:**")
picked = st.dataframe(
    listed, hide_index=True, key=f"rows {shown} {hash(tuple(behind))}", on_select="rerun", selection_mode="single-row"
)
rows = picked["selection"]["rows"]
if rows or len(listed) == 1:
    number = int(listed.iloc[rows[0] if rows else 0]["problem"])
    place = (shelf, name, number)
    label = f"Open the search tree of problem {number}"
    st.button(label, icon=":material/account_tree:", on_click=open_problem, args=place)
else:
    st.caption(
        "Choose a row to open its search tree, or click a mark: a point of the map, a class of figure 5, a curve of "
        "figure 8 and a point of figure 9 lead to the problems that they stand for."
    )
