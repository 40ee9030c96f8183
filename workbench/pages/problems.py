"""Sets of problems: browse, search, check, make; a set made here, or uploaded, can be used on all pages."""

import json

import pandas as pd
import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.statistics import statistics
from coconut_core.problems.prosqa.validation import set_violations
from workbench.choices import selection as session
from workbench.choices.problem_sets import (
    MOST_HOPS,
    MOST_MADE,
    MOST_NODES,
    make_set,
    open_problem,
    problem_set,
    problem_sets,
)
from workbench.widgets.downloads import offer_table


@st.cache_resource(max_entries=8, show_spinner="Checking the problems …")
def checked(sha256: str, _problems: tuple[ProsqaProblem, ...]) -> tuple[pd.DataFrame | str, pd.DataFrame]:
    """Statistics of a set beside the official ones, or why there are none, and its violations; kept by its hash."""
    found = set_violations([problem.to_json() for problem in _problems], min_hops=1)
    broken = pd.DataFrame([(each.item, each.what) for each in found], columns=["problem", "violation"])
    try:
        return statistics(_problems).frame(), broken
    except InputError as error:
        return str(error), broken


st.header("Problems")
st.caption("Sets for all pages. Your own come in by “Upload problems” in the sidebar, under “from a set”.")
with st.expander("Make a set", icon=":material/add:"), st.form("make", border=False):
    first, second, third, fourth = st.columns(4)
    nodes = first.slider("Nodes", 5, MOST_NODES, (8, 14), key="make_nodes")
    lengths = second.slider("Hops", 1, MOST_HOPS, (2, 4), key="make_hops")
    count = third.number_input("Problems", 1, MOST_MADE, 100, key="make_count")
    seed = fourth.number_input("Seed", 0, 2**31 - 1, 0, key="make_seed")
    if st.form_submit_button("Make", icon=":material/casino:", type="primary"):
        try:
            label = make_set(nodes, lengths, int(seed), int(count))
            st.success(for_markdown(f"“{label}” can now be chosen on every page; a link holds it."))
        except InputError as error:
            st.error(for_markdown(str(error)), icon=":material/error:")

shelf = session.artifacts() / "problems"
sets = problem_sets(shelf)
if not sets:
    st.info("There is no set yet; make one above, or upload one in the sidebar.", icon=":material/lightbulb:")
    st.stop()
name = st.selectbox("Set", sets, key="browse", bind="query-params")
try:
    chosen = problem_set(shelf, name)
except InputError as error:
    st.error(for_markdown(str(error)), icon=":material/error:")
    st.stop()

wanted = st.text_input("Search in questions and answers", key="search", bind="query-params")
problems, table = chosen.problems, chosen.table
if wanted:
    words = wanted.lower()
    table = table[[words in f"{p.question} {p.answer}".lower() for p in problems]]
st.caption(f"{len(table)} of {len(problems)} problems")
# A choice of a row belongs to the rows that were shown.
shown = f"browsed {name} {wanted}"
picked = st.dataframe(table, hide_index=True, key=shown, on_select="rerun", selection_mode="single-row")
rows = picked["selection"]["rows"]
if rows:
    number = int(table.iloc[rows[0]]["problem"])
    st.code(problems[number].question, language=None, wrap_lines=True)
    st.code("\n".join([*problems[number].steps, problems[number].answer]), language=None, wrap_lines=True)
    place = (shelf, name, number)
    st.button("Open its search tree", icon=":material/account_tree:", on_click=open_problem, args=place)
content = json.dumps([problem.to_json() for problem in problems])
st.download_button("The set as JSON", content, "problems.json", "application/json", icon=":material/download:")
offer_table(table, "problems", "This list as CSV")

st.subheader("Beside the official data", divider=True)
measured, broken = checked(chosen.sha256, problems)
if isinstance(measured, str):
    st.warning(for_markdown(measured), icon=":material/warning:")
else:
    st.dataframe(measured, hide_index=True)
    offer_table(measured, "statistics", "Statistics as CSV")
if len(broken):
    st.warning(f"{len(broken)} violations were found.", icon=":material/warning:")
    st.dataframe(broken, hide_index=True)
    offer_table(broken, "violations", "Violations as CSV")
else:
    st.caption("Every problem is sound: text and graph agree, no cycles, the target within reach and the other not.")
