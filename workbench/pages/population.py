"""The paper's figures for the chosen models and problems, filtered; every row leads to the problem it stands for."""

import streamlit as st

from analyses.plain_text import for_markdown
from coconut_core.errors import InputError
from coconut_core.problems.graph import depths, frontier
from workbench import session
from workbench.bundles import bundle
from workbench.downloads import offer_result, offer_table
from workbench.problem_map import MAPPED, problem_map
from workbench.problem_sets import labelled, open_problem, problem_sets, problems_hash
from workbench.studies import figure_definition, figure_result, figure_titles, problem_table, study_of

# Figures of one problem, of the machine's speed, or that need models of several c, have their places elsewhere.
SHOWN = ("figure_5", "figure_8", "figure_9", "search_order", "commitment", "calibration", "early_stopping")
SHOWN += ("superposition", "attention", "figure_4", "table_2")
STOPPED = "population stopped"


def halt() -> None:
    """End the computation; what is done is kept."""
    st.session_state[STOPPED] = True


def resume() -> None:
    st.session_state.pop(STOPPED, None)


st.header("Population")
chosen = session.selection_or_stop()
folders = [folder for folder in session.shelf() if folder.fault is None]
others = [folder.name for folder in folders if folder.name != chosen.model.name]
left, right = st.columns(2)
controls = left.multiselect(
    "Controls beside " + chosen.model.name,
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
    problems = list(labelled(shelf, name).values())
except InputError as error:
    st.error(for_markdown(str(error)), icon=":material/error:")
    st.stop()

hops = sorted({depths(p.graph, p.root).get(p.target, 0) for p in problems})
with st.form("filter", border=False):
    columns = st.columns([2, 2, 1.2, 1.5, 1.3], vertical_alignment="bottom")
    kept_hops = columns[0].multiselect("Hops", hops, default=hops, key="hops", bind="query-params")
    children = columns[1].slider("Children of the root", 1, 12, (1, 12), key="children", bind="query-params")
    most = columns[2].number_input("At most", 1, 500, min(100, len(problems)), step=10, key="most", bind="query-params")
    answered = columns[3].selectbox(
        "Answered", ["right or wrong", "right", "wrong"], key="answered", bind="query-params"
    )
    columns[4].form_submit_button("Compute", type="primary", on_click=resume, width="stretch")


def kept(problem) -> bool:
    """Whether the problem passes the filter."""
    few, many = children
    fits = few <= len(frontier(problem.graph, problem.root, 1)) <= many
    return fits and depths(problem.graph, problem.root).get(problem.target, 0) in kept_hops


numbers = tuple(index for index, problem in enumerate(problems) if kept(problem))[: int(most)]
if not numbers:
    st.info("No problem passes the filter; widen it.", icon=":material/lightbulb:")
    st.stop()

titles = figure_titles(SHOWN)
figure_name = st.selectbox("Figure", list(titles), format_func=titles.get, key="figure", bind="query-params")
if st.session_state.get(STOPPED):
    st.info("Stopped. What was computed is kept; press Compute to go on.", icon=":material/lightbulb:")
    st.stop()
working = st.empty()
with working.container(horizontal=True, vertical_alignment="center"):
    bar = st.progress(0.0, f"{len(numbers)} problems")
    st.button("Stop", on_click=halt, icon=":material/stop:")
models = [chosen.model, *(folder for folder in folders if folder.name in controls)]
try:
    told = lambda what, share: bar.progress(share, what)  # noqa: E731
    if answered != "right or wrong":
        asked = study_of([chosen.model], [problems[number] for number in numbers], told)
        right = asked.answers(asked.model).correct[:, -1]
        numbers = tuple(n for n, was in zip(numbers, right, strict=True) if was == (answered == "right"))
    if not numbers:
        working.empty()
        st.info(f"No problem that passes the filter was answered {answered}.", icon=":material/lightbulb:")
        st.stop()
    study = study_of(models, [problems[number] for number in numbers], told)
    result = figure_result(study, figure_name)
    table = problem_table(study, numbers)
except InputError as error:
    working.empty()
    st.info(for_markdown(str(error)), icon=":material/lightbulb:")
    st.stop()
working.empty()
drawing = result.figure()
session.show_figure(drawing, "result", result.caption())
st.markdown(for_markdown(result.caption()))
with st.expander("What is plotted"):
    st.text(figure_definition(figure_name))
offer_result(result, drawing, figure_name)

done = dict(study.results)
about = {
    "models": {folder.name: folder.card().get("model_sha256") for folder in models},
    "problems": name,
    "problems_sha256": problems_hash(tuple(study.problems)),
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
# A choice of a row belongs to the rows that were shown.
shown = f"problems {name} {hash(numbers)}"
points = session.show_figure(
    problem_map(table, x, y),
    f"map {shown}",
    f"{y} against {x}, a point a problem; the table has the numbers.",
    on_select="rerun",
    selection_mode="points",
)["selection"]["points"]
offer_table(table, "population", "The problems as CSV")
picked = st.dataframe(table, hide_index=True, key=shown, on_select="rerun", selection_mode="single-row")
rows = picked["selection"]["rows"]
if rows or points:
    number = int(table.iloc[rows[0]]["problem"] if rows else points[0]["customdata"][0])
    place = (shelf, name, number)
    label = f"Open the search tree of problem {number}"
    st.button(label, icon=":material/account_tree:", on_click=open_problem, args=place)
else:
    st.caption("Click a point or choose a row to open its search tree.")
