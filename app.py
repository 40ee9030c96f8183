"""The Coconut Workbench: `streamlit run app.py`.

A router: the list of pages, the sidebar that all pages share, and the page that was asked for. A new page
is a script in workbench/pages/ and one line here; it takes the chosen model and problem from
`session.selection()`.
"""

import streamlit as st

from workbench import session

st.set_page_config(page_title="Coconut Workbench", page_icon="🥥", layout="wide", initial_sidebar_state="expanded")
page = st.navigation(
    [
        st.Page(
            "workbench/pages/search_tree.py",
            title="Search tree",
            icon=":material/account_tree:",
            default=True,
        ),
    ]
)
session.choose()
page.run()
