"""The Coconut Workbench: `coconut app`.

A router: the list of pages, the sidebar that all pages share, and the page that was asked for. A new page is a script
in workbench/pages/ and one line here; it takes the chosen model and problem from `selection.selection_or_stop()`.
"""

from pathlib import Path

import streamlit as st

import workbench
from coconut_core.speedups.garbage import collect_rarely
from workbench.widgets.plotly_ahead import plotly_ahead

st.set_page_config(page_title="Coconut Workbench", page_icon="🥥", layout="wide", initial_sidebar_state="expanded")
PAGES = [
    ("search_tree", "Search tree", "account_tree"),
    ("what_if", "What if", "science"),
    ("population", "Population", "scatter_plot"),
    ("thoughts", "Thoughts", "psychology"),
    ("compare_runs", "Compare runs", "compare_arrows"),
    ("problems", "Problems", "quiz"),
    ("models", "Models", "inventory_2"),
]
# Beside the package, wherever this script lies: an installed package has it inside.
PAGES_FOLDER = Path(workbench.__file__).parent / "pages"
collect_rarely()
with plotly_ahead():
    from workbench.choices import sidebar
    from workbench.choices.problem_sets import go

    page = st.navigation(
        [
            st.Page(PAGES_FOLDER / f"{name}.py", title=title, icon=f":material/{icon}:", default=name == "search_tree")
            for name, title, icon in PAGES
        ]
    )
    go()
    sidebar.draw()
    page.run()
