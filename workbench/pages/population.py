"""The paper's figures for the chosen models and problems, filtered; every row leads to the problem it stands for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.figures.problem_map import IN_THE_END, MAPPED, problem_map
from analyses.report import export
from analyses.report.bundles import bundle
from coconut_core.bundled import artifacts, bundled_sets
from coconut_core.errors import InputError
from workbench.choices.as_python import population_script
from workbench.choices.links import take_from_link
from workbench.choices.problem_sets import ProblemSet, open_problem, problem_set, problem_sets
from workbench.choices.selection import graph_or_stop, model_or_stop, reset_with, usable_models
from workbench.computed.share_done import ShareDone
from workbench.computed.studies import Population, asks_for_answers, figure_definition, figure_titles, population_of
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


def clicked(key: str) -> list[dict]:
    """The marks that were clicked in the figure of this key."""
    return (st.session_state.get(key) or {}).get("selection", {}).get("points", [])


def show_behind(table: pd.DataFrame, name: str, behind: Sequence[int], key: str) -> None:
    """Beside a figure, the problems that a clicked mark stands for: a row opens its question, a button its tree."""
    listed = table[table["problem"].isin(behind)]
    st.markdown(f"**{len(listed)} of {len(table)} problems** stand behind the mark that was clicked.")
    if listed.empty:
        return
    columns = [each for each in ("problem", "hops", IN_THE_END) if each in listed]
    rows = st.dataframe(
        listed[columns],
        hide_index=True,
        height=min(38 + 35 * len(listed), 320),
        key=f"behind {key} {hash(tuple(behind))}",
        on_select="rerun",
        selection_mode="single-row",
    )["selection"]["rows"]
    number = int(listed.iloc[rows[0] if rows else 0]["problem"])
    problem = problem_set(name).problems[number]
    st.markdown(for_markdown(f"Problem {number}: {problem.asked()}"))
    st.caption(for_markdown(f"Answer: {problem.answer}"))
    label = f"Open the search tree of problem {number}"
    st.button(label, key="behind", icon=":material/account_tree:", on_click=open_problem, args=(name, number))


def controls_in_words(population: Population) -> str:
    """Which controls a figure may show, and which not."""
    _, *controls = subjects = population.study.subjects
    names = [subject.label for subject in controls]
    without = "" if subjects[-1].role == "untrained" else "; the untrained model is switched off above"
    return f"In this figure the controls are no thought (k = 0){''.join(f', {name}' for name in names)}{without}."


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
    help="Models that are asked the same problems. No thought (k = 0) is read of every model.",
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
reset_with("answers" if asks_for_answers(figure_name) else "none", "untrained", not asks_for_answers(figure_name))
with_untrained = st.toggle(
    "Untrained control",
    not asks_for_answers(figure_name),
    key="untrained",
    bind="query-params",
    help="A model of the same shape with random weights. It never ends a text, so that its answers take as long as "
    "those of two other models: for figures of answers it is off at first.",
)
if st.session_state.get(STOPPED):
    st.info("Stopped. What was computed is kept; press Compute to go on.", icon=":material/lightbulb:")
    st.stop()
models, answered = [model, *(folder for folder in folders if folder.name in controls)], filtered["answered"]
try:
    with working(f"{len(numbers)} problems", stop) as progress:
        share = ShareDone()
        if answered != EITHER:
            study = population_of([model], problems, numbers, progress, with_untrained=False, done=share).study
            correct = study.final_answers(study.model).correct[:, 0]
            numbers = tuple(n for n, was in zip(numbers, correct, strict=True) if was == (answered == "right"))
        if not numbers:
            raise InputError(f"No problem that passes the filter was answered {answered}.")
        whole = {"with_untrained": with_untrained, "figure": figure_name, "done": share}
        population = population_of(models, problems, numbers, progress, **whole)
        table, result, done = population.table(), population.figure(figure_name), population.figures()
except InputError as error:
    st.info(for_markdown(str(error)), icon=":material/lightbulb:")
    st.stop()
drawing, caption = result.figure(), result.caption()
# A choice of a mark or a row belongs to what was shown.
shown = f"{name} {hash(numbers)}"
clicks = {"on_select": "rerun", "selection_mode": "points"}
drawn = f"{figure_name} {shown}"
behind = [numbers[at] for mark in clicked(drawn) for at in np.ravel(mark.get("customdata", [])).tolist()]
place, beside = st.columns([7, 3], gap="medium") if behind else (st.container(), None)
with place:
    show_figure(drawing, drawn, caption, **clicks)
if beside:
    with beside:
        show_behind(table, name, sorted({*behind}), shown)
st.markdown(for_markdown(caption))
st.caption(for_markdown(controls_in_words(population)))
with st.expander("What is plotted"):
    st.text(figure_definition(figure_name))
offer_result(result, drawing, figure_name)
if name in bundled_sets():  # a set made or uploaded here is nowhere else
    offer_script(population_script(models, name, numbers, figure_name, with_untrained))
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
number = choose_row(table, [int(number) for point in points for number in point["customdata"][:1]], shown)
if number is None:
    st.caption(
        "Choose a row to open its search tree, or click a point of the map. A class of figure 5, a curve of figure 8 "
        "and a point of figure 9 open the problems that they stand for beside the figure."
    )
else:
    label = f"Open the search tree of problem {number}"
    st.button(label, icon=":material/account_tree:", on_click=open_problem, args=(name, number))
