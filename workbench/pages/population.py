"""The paper's figures for the chosen models and problems, filtered; every row leads to the problem it stands for."""

import streamlit as st

from analyses.plain_text import for_markdown
from coconut_core.errors import InputError
from coconut_core.problems.graph import depths, frontier
from workbench import session
from workbench.bundles import bundle
from workbench.downloads import offer_result
from workbench.problem_sets import labelled, open_problem, problem_sets
from workbench.studies import computed, figure_definition, figure_result, figure_titles, problem_table, study_of

# Figures of one problem, of the machine's speed, or that need models of several c, have their places elsewhere.
SHOWN = ("figure_5", "figure_8", "figure_9", "search_order", "commitment", "calibration", "early_stopping")
SHOWN += ("superposition", "attention", "figure_4", "table_2")

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
    columns = st.columns([2, 2, 2, 1], vertical_alignment="bottom")
    kept_hops = columns[0].multiselect("Hops", hops, default=hops, key="hops")
    children = columns[1].slider("Children of the root", 1, 12, (1, 12), key="children")
    most = columns[2].number_input("At most", 10, 500, min(100, len(problems)), step=10, key="most")
    columns[3].form_submit_button("Compute", icon=":material/calculate:", type="primary")


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
with st.status(f"{len(numbers)} problems", expanded=False) as status:
    try:
        models = [chosen.model, *(folder for folder in folders if folder.name in controls)]
        kept_problems = [problems[number] for number in numbers]
        study = study_of(models, kept_problems, lambda what: status.update(label=what))
        result = figure_result(study, figure_name)
        table = problem_table(study, numbers)
    except InputError as error:
        status.update(label="This figure cannot be made here", state="error")
        st.info(for_markdown(str(error)), icon=":material/lightbulb:")
        st.stop()
    status.update(label=f"{len(numbers)} problems", state="complete")
drawing = result.figure()
st.plotly_chart(drawing, theme=None, key="result", alt=result.caption())
st.markdown(for_markdown(result.caption()))
with st.expander("What is plotted"):
    st.text(figure_definition(figure_name))
offer_result(result, drawing, figure_name)

done = computed()
about = {"models": [folder.name for folder in models], "problems": name, "numbers": list(numbers)}
st.download_button(
    f"All {len(done)} figures computed so far, as zip",
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
picked = st.dataframe(table, hide_index=True, key="problems", on_select="rerun", selection_mode="single-row")
rows = picked["selection"]["rows"]
if rows:
    number = int(table.iloc[rows[0]]["problem"])
    place = (shelf, name, number)
    st.button("Open its search tree", icon=":material/account_tree:", on_click=open_problem, args=place)
else:
    st.caption("Choose a row to open its search tree.")
