"""What each model folder is, and what is wrong with one that cannot be used."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from workbench.choices.model_places import model_places, permitted
from workbench.choices.model_shelf import STAMPED
from workbench.choices.selection import add_folder, no_models, shelf
from workbench.choices.uploads import uploads
from workbench.computed.run_tables import card_of, models_table
from workbench.widgets.downloads import offer_table

UPLOAD_MEGABYTES = 200
ACCEPTED = (*STAMPED, "metrics.jsonl")
"""Files of a model's folder that can be uploaded."""


def add(folder: Callable[[], Path]) -> None:
    """Offer the folder on every page, or say what is wrong with it."""
    try:
        add_folder(folder())
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
    else:
        st.rerun()


def written(files, name: str) -> Path:
    """A folder for as long as the server lives with the uploaded files, as far as a checkpoint has such files."""
    folder = Path(tempfile.mkdtemp(dir=uploads())) / (re.sub(r"[^\w.-]", "-", name).strip(".-") or "uploaded")
    for file in files:
        if file.name in ACCEPTED:
            write_atomically(folder / file.name, file.getvalue())
    return folder


def refused(files) -> str | None:
    """What to do about files that do not belong to a checkpoint folder; a pickle is never opened here."""
    foreign = [file.name for file in files if file.name not in ACCEPTED]
    if not foreign:
        return None
    return (
        f"{', '.join(foreign)[:200]}: does not belong to a model's folder and was left alone; a checkpoint of the "
        "official code becomes such a folder with `coconut import`."
    )


def offer_to_add() -> None:
    """Another folder, by its path or by its files."""
    with st.expander("Add a model", icon=":material/add:"):
        place = st.text_input(
            "Its folder on the machine that runs this app",
            key="folder",
            placeholder="runs/second",
            help=for_markdown(f"Somewhere below {' or '.join(map(str, model_places()))}."),
        )
        if st.button("Add the folder", disabled=not place):
            add(lambda: permitted(place))
        files = st.file_uploader(
            "Or the files of its folder", accept_multiple_files=True, max_upload_size=UPLOAD_MEGABYTES, key="files"
        )
        name = st.text_input("Name", key="folder_name", value="uploaded", max_chars=60)
        if refusal := refused(files):
            st.warning(for_markdown(refusal), icon=":material/warning:")
        if st.button("Add the files", disabled=not files):
            add(lambda: written(files, name))


st.header("Models")
folders = shelf()
if not folders:
    st.info(for_markdown(no_models()), icon=":material/lightbulb:")
    offer_to_add()
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
offer_table(table, "models", "Models as CSV")
for folder in folders:
    if folder.fault:
        st.warning(for_markdown(folder.fault), icon=":material/warning:")

offer_to_add()

rows = chosen["selection"]["rows"]
if not rows or rows[0] >= len(folders):  # the chosen folder, the last one, may have been taken away meanwhile
    st.caption("Choose a row to see everything that is known of the model.")
    st.stop()
folder = folders[rows[0]]
st.subheader(for_markdown(folder.name), divider=True)
for title, part in card_of(folder).items():
    with st.expander(title, expanded=title == "Provenance"):
        st.json(part)
