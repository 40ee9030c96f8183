"""Statistics of a set of problems beside those of an official one, for every task alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

RELATIVE, ABSOLUTE = 0.03, 0.02
"""A statistic agrees with the official one within the larger of this share of it and this difference."""


def beside_official(rows: Sequence[tuple[str, float, float]]) -> "pd.DataFrame":
    """One row a statistic, from (name, measured, official): `statistic`, `measured`, `official`, `agrees`."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["statistic", "measured", "official"])
    allowed = np.maximum(RELATIVE * frame.official, ABSOLUTE)
    frame["agrees"] = (frame.measured - frame.official).abs() <= allowed
    return frame
