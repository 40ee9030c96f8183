"""Sets of problems: browse, search, check, make; a set made here, or uploaded, can be used on all pages."""

import json

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from coconut_core.problems.registry import DEFAULT, TASKS
from coconut_core.problems.task import Task
from workbench.choices.problem_sets import (
    LARGEST_MADE_SET,
    LARGEST_SEED,
    make_set,
    open_problem,
    problem_set,
    problem_sets,
)
from workbench.choices.selection import selection
from workbench.computed.set_checks import check_of
from workbench.widgets.downloads import offer_table
from workbench.widgets.problem_text import show_text


def choose_task() -> Task:
    """The task of a set that is to be made: at first that of the chosen model."""
    tasks = {task.title: task for task in TASKS.values() if task.settings}
    model = selection().model
    first = model.task if model and model.task.settings else TASKS[DEFAULT]
    if len(tasks) == 1:
        return first
    return tasks[st.selectbox("Task", list(tasks), list(tasks).index(first.title), key="make_task")]


def offer_to_make() -> None:
    """A form for fresh problems: their sizes, how many, and the seed."""
    task = choose_task()
    # Tasks may have sizes of one name and different ranges.
    own = "make" if task.name == DEFAULT else f"make_{task.name}"
    with st.form(own, border=False):
        *columns, third, fourth = st.columns(len(task.sizes) + 2)
        sizes = {
            size.name: column.slider(
                size.name.capitalize(), size.least, size.most, size.usual, key=f"{own}_{size.name}"
            )
            for size, column in zip(task.sizes, columns, strict=True)
        }
        count = third.number_input("Problems", 1, LARGEST_MADE_SET, 100, key="make_count")
        seed = fourth.number_input("Seed", 0, LARGEST_SEED, 0, key="make_seed")
        if st.form_submit_button("Make", icon=":material/casino:", type="primary"):
            try:
                name = make_set(task, sizes, int(seed), int(count))
                st.success(for_markdown(f"“{name}” can now be chosen on every page; a link holds it."))
            except InputError as error:
                st.error(for_markdown(str(error)), icon=":material/error:")


st.header("Problems")
st.caption("Sets for all pages. Your own come in by “Upload problems”.")
with st.expander("Make a set", icon=":material/add:"):
    offer_to_make()

sets = problem_sets()
if not sets:
    st.info("There is no set yet; make one above, or upload one.", icon=":material/lightbulb:")
    st.stop()
name = st.selectbox("Set", sets, key="browse", bind="query-params")
try:
    chosen = problem_set(name)
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
    show_text(problems[number])
    if chosen.task.has_graph:
        place = (name, number)
        st.button("Open its search tree", icon=":material/account_tree:", on_click=open_problem, args=place)
with st.container(horizontal=True, gap="small"):
    content = json.dumps([problem.to_json() for problem in problems])
    st.download_button("The set as JSON", content, "problems.json", "application/json", icon=":material/download:")
    offer_table(table, "problems", "This list as CSV")

st.subheader("Beside the official data", divider=True)
check = check_of(chosen)
if check.statistics is None and len(check.violations):
    st.warning(for_markdown(check.fault), icon=":material/warning:")
elif check.statistics is None:
    st.caption(for_markdown(check.fault))
else:
    st.dataframe(check.statistics, hide_index=True)
    offer_table(check.statistics, "statistics", "Statistics as CSV")
if len(check.violations):
    st.warning(f"{len(check.violations)} violations were found.", icon=":material/warning:")
    st.dataframe(check.violations, hide_index=True)
    offer_table(check.violations, "violations", "Violations as CSV")
else:
    st.caption(f"Every problem is sound: {for_markdown(chosen.task.sound)}.")
