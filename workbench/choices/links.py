"""What a link asks for, before the widget that it fills is drawn.

Streamlit gives a bound widget the value that stands in the address and silently drops one that the widget does not
have. Here a value may also be the short key of a choice (`problem=17`, `change=swap`), which stays what it is when a
label is worded anew; and one that is not there is said, not replaced without a word.
"""

from collections.abc import Mapping

import streamlit as st

from analyses.drawing.escaping import for_markdown

LONGEST_VALUE = 80
"""Characters of a link's value that are quoted."""


def take_from_link(key: str, labels: Mapping[str, object], shown: object) -> None:
    """Give the widget `key` what the link asks for, by short key or by label; warn where there is no such choice.

    `labels` holds the widget's value by short key and `shown` is what stands there otherwise. Once the widget is there,
    it holds what was chosen and the link has no say.
    """
    asked = st.query_params.get(key)
    if key in st.session_state or asked is None:
        return
    if asked in labels:
        st.session_state[key] = labels[asked]
    elif asked not in map(str, labels.values()):
        said = f"The link asks for {key} “{asked[:LONGEST_VALUE]}”, which is not there; “{shown}” is shown instead."
        st.warning(for_markdown(said), icon=":material/warning:")
