"""The Coconut Workbench: `coconut app`.

A router: the list of pages, the line in which a model and a problem are chosen, and the page that was asked for. A new
page is a script in workbench/pages/ and one line here, which says what is chosen above it; the page takes the model and
the problem from `selection.selection_or_stop()`.
"""

from pathlib import Path

import streamlit as st

import workbench
from coconut_core.speedups.garbage import collect_rarely
from workbench.widgets.plotly_ahead import plotly_ahead

st.set_page_config(page_title="Coconut Workbench", page_icon="🥥", layout="wide")
PAGES = [
    ("search_tree", "Search tree", "account_tree", ("model", "problem", "second")),
    ("what_if", "What if", "science", ("model", "problem")),
    ("population", "Population", "scatter_plot", ("model", "upload")),
    ("thoughts", "Thoughts", "psychology", ("model", "problem")),
    ("verdict", "Verdict", "gavel", ("model", "upload")),
    ("compare_runs", "Compare runs", "compare_arrows", ()),
    ("problems", "Problems", "quiz", ("model", "upload")),
    ("models", "Models", "inventory_2", ()),
]
# Beside the package, wherever this script lies: an installed package has it inside.
PAGES_FOLDER = Path(workbench.__file__).parent / "pages"
PRODUCT = "<b>Coconut Workbench</b> · see how a model searches in its continuous thoughts"
STYLE = """
.stMainBlockContainer.block-container { padding: 4rem 1.6rem 2rem; }
.stMainBlockContainer [data-testid=stVerticalBlock] { gap: 0.6rem; }
.product { font-size: 0.85rem; }
@media (min-width: 1250px) {
  .product { position: fixed; z-index: 999991; top: 1.15rem; right: 1.6rem; }
}
@media (max-width: 640px) {
  .st-key-problem { width: 232px !important; }
  .st-key-model { width: 100% !important; }
}
"""
"""Streamlit leaves 96 pixels above a page and 80 beside it. Where the window has room, the product's name stands in the
empty part of the line of pages. On a phone a question stands in one line with the buttons of its neighbours."""
collect_rarely()
with plotly_ahead():
    from workbench.choices import chooser, links
    from workbench.choices.history import visit
    from workbench.choices.problem_sets import go
    from workbench.widgets.history import offer_history, show_fault

    page = st.navigation(
        [
            st.Page(PAGES_FOLDER / f"{name}.py", title=title, icon=f":material/{icon}:", default=name == "search_tree")
            for name, title, icon, _ in PAGES
        ],
        position="top",
    )
    go()
    st.html(f"<style>{STYLE}</style>")
    st.html(f'<div class="product">{PRODUCT}</div>')
    with links.followed(page.url_path):
        here, parts = next((name, parts) for name, title, _, parts in PAGES if title == page.title)
        with chooser.draw(parts):
            offer_history(here)
        show_fault()
        page.run()
        visit(here)
