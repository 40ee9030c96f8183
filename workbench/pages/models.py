"""What each model folder is, and what is wrong with one that cannot be used."""

import streamlit as st

from analyses import export
from analyses.plain_text import for_markdown
from workbench import session
from workbench.run_tables import card_of, models_table

st.header("Models")
folders = session.shelf()
if not folders:
    st.info(for_markdown(session.no_models()), icon=":material/lightbulb:")
    st.stop()

table = models_table(folders)
chosen = st.dataframe(
    table,
    hide_index=True,
    key="models",
    on_select="rerun",
    selection_mode="single-row",
    column_config={
        "accuracy": st.column_config.NumberColumn(
            "accuracy, all thoughts",
            format="%.3f",
            help="On the run's own validation problems, with the stored weights.",
        ),
        "accuracy_0": st.column_config.NumberColumn(
            "accuracy, none", format="%.3f", help="The control: the same weights without a thought."
        ),
        "weights": st.column_config.TextColumn("weights, SHA-256"),
    },
)
st.download_button("Models as CSV", export.csv(table), "models.csv", "text/csv", icon=":material/download:")
for folder in folders:
    if folder.fault:
        st.warning(for_markdown(folder.fault), icon=":material/warning:")

rows = chosen["selection"]["rows"]
if not rows:
    st.caption("Choose a row to see everything that is known of the model.")
    st.stop()
folder = folders[rows[0]]
st.subheader(for_markdown(folder.name), divider=True)
for title, part in card_of(folder).items():
    with st.expander(title, expanded=title == "Provenance"):
        st.json(part)
