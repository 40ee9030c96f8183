"""Which heads and feed-forward blocks carry facts into the thoughts? Scored one by one, then tested together.

A component is a head, or the feed-forward block, of one layer, in the columns where thoughts are computed: `<bot>` and
the slots. Its score is how far the answer's log odds move to the donor's when it alone writes what it writes on a donor
that differs in one fact (`readings/pairs.py`). Models of this size have few enough components that each is exchanged
outright, which gradient-based attribution only estimates (Syed et al., arXiv 2310.10348). Scores are taken on every
other pair; on the remaining pairs the best m are then

    exchanged     all of them write what they write on the donor: how often does the answer become the donor's?
    knocked out   all of them write their mean over the bases: how often does the answer stay right?

beside random sets of m components, the control. Later thoughts are rerolled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson
from analyses.readings.pairs import Pairs, pairs_of
from analyses.readings.study import Study
from coconut_core.edits.record import Edit
from coconut_core.errors import InputError

RANDOM_SETS = 5
"""Random sets of each size."""
SEED = 13
WAYS = {"exchanged": "swap", "knocked out": "mean"}
Component = tuple[int, int]
"""Layer and head, from 1; head 0 is the feed-forward block."""


@dataclass(frozen=True)
class Components:
    """Scores of components, and what the best ones do together."""

    label: str
    scores: pd.DataFrame
    """One row a component, the best first: layer, head (0: feed-forward), mean shift of the log odds in nats, and n."""
    sets: pd.DataFrame
    """One row a way, choice ("best" or "random") and size: n answers, changed (turned, or no longer right), share and
    its Wilson interval. Of random sets all draws are counted together, as if the pairs of each were others."""

    def frame(self) -> pd.DataFrame:
        """Both tables, told apart by `what`."""
        return pd.concat([self.scores.assign(what="score"), self.sets.assign(what="set")], ignore_index=True)

    def figure(self) -> go.Figure:
        """Left, the scores by layer and head; right, the share of changed answers by the number of components."""
        grid = make_subplots(1, 3, column_titles=["score, nats", *WAYS], column_widths=[0.3, 0.35, 0.35])
        table = self.scores.pivot(index="layer", columns="head", values="shift")
        names = ["feed-forward" if head == 0 else f"head {head}" for head in table.columns]
        grid.add_heatmap(
            x=names,
            y=[f"layer {layer}" for layer in table.index],
            z=table.to_numpy(),
            texttemplate="%{z:.1f}",
            colorscale=[(0, LIGHT.paper), (1, LIGHT.scale[3])],
            zmin=0,
            showscale=False,
            row=1,
            col=1,
        )
        for col, way in enumerate(WAYS, start=2):
            for index, choice in enumerate(("best", "random")):
                line = self.sets[(self.sets["way"] == way) & (self.sets["choice"] == choice)]
                bars = error_bars(line, "share", width=3, thickness=1.2)
                look = {"name": f"{choice} components", "legendgroup": choice, "showlegend": col == 2}
                grid.add_scatter(x=line["size"], y=line["share"], error_y=bars, **look, **style(index), row=1, col=col)
            grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%", row=1, col=col)
        grid.update_xaxes(title_text="components", col=2)
        grid.update_xaxes(title_text="components", col=3)
        grid.update_yaxes(title_text="answers that become the donor's", row=1, col=2)
        grid.update_yaxes(title_text="answers no longer right", row=1, col=3)
        n = int(self.sets["n"].min())
        subtitle = f"{self.label}: scored on {int(self.scores['n'].iloc[0])} pairs, tested on {n} others; 95% Wilson"
        return framed(grid, "Which components carry facts into the thoughts?", subtitle, height=430, left=80, legend=1)

    def caption(self) -> str:
        """The best component, and what as many as half of all do beside random ones."""
        best, half = self.scores.iloc[0], self.sets[self.sets["size"] <= len(self.scores) / 2]["size"].max()
        part = "feed-forward block" if best["head"] == 0 else f"head {best['head']:.0f}"
        found = self.sets[self.sets["size"] == half].set_index(["way", "choice"])["share"]
        turned, lost = ([f"{found[way, choice]:.0%}" for choice in ("best", "random")] for way in WAYS)
        return (
            f"Alone, the {part} of layer {best['layer']:.0f} moves the answer furthest ({best['shift']:.1f} nats). "
            f"Exchanged, the best {half} of {len(self.scores)} components make {turned[0]} of the answers the donor's, "
            f"as many at random {turned[1]}; knocked out, {lost[0]} and {lost[1]} are no longer right."
        )


def components(study: Study) -> Components:
    """Scores and tests of the model under study; `InputError` where there are fewer than two pairs."""
    (subject, *_) = study.with_slots()
    pairs = pairs_of(study, subject)
    if len(pairs.bases) < 2:
        raise InputError("Components are scored on one pair and tested on another; give more problems.")
    scored, tested = (pairs.at(range(first, len(pairs.bases), 2)) for first in (0, 1))
    config, rng = subject.model.lm.config, np.random.default_rng(SEED)
    every = [(layer, head) for layer in range(1, config.num_hidden_layers + 1) for head in _heads(config)]
    clean, rows = scored.answers().log_odds, []
    for done, component in enumerate(every):
        study.progress(f"components of {subject.name}", done / (2 * len(every)))
        shift = clean - scored.answers(_edits([component], "swap", pairs.k)).log_odds
        rows.append({"layer": component[0], "head": component[1], "shift": shift.mean(), "n": len(shift)})
    scores = pd.DataFrame(rows).sort_values("shift", ascending=False, kind="stable", ignore_index=True)
    best, sets = list(zip(scores["layer"], scores["head"], strict=True)), []
    sizes = [size for size in (2**power for power in range(8)) if size < len(every)]
    for done, size in enumerate(sizes):
        study.progress(f"components of {subject.name}", 0.5 + done / (2 * len(sizes)))
        random = [[every[at] for at in rng.choice(len(every), size, replace=False)] for _ in range(RANDOM_SETS)]
        for way in WAYS:
            for choice, chosen in (("best", [best[:size]]), ("random", random)):
                sets.append({"way": way, "choice": choice, "size": size, **_changed(tested, chosen, WAYS[way])})
    return Components(subject.label, scores, pd.DataFrame(sets))


def _heads(config) -> range:
    return range(config.num_attention_heads + 1)


def _edits(chosen: Sequence[Component], content: str, thoughts: int) -> list[Edit]:
    """Edits of components where thoughts are computed."""
    edits = []
    for layer in sorted({int(layer) for layer, _ in chosen}):
        heads = tuple(sorted(int(head) for at, head in chosen if at == layer and head))
        parts = [("heads", {"heads": heads})] * bool(heads) + [("mlp", {})] * ((layer, 0) in chosen)
        for part, which in parts:
            edits.append(Edit(part, content, facts="begin", layers=(layer,), **which))
            edits.append(Edit(part, content, thoughts=tuple(range(1, thoughts + 1)), layers=(layer,), **which))
    return edits


def _changed(pairs: Pairs, sets: Sequence[Sequence[Component]], content: str) -> dict[str, float]:
    right = np.concatenate([pairs.answers(_edits(chosen, content, pairs.k)).right for chosen in sets])
    changed, n = int((~right).sum()), len(right)
    low, high = wilson(changed, n)
    return {"n": n, "changed": changed, "share": changed / n, "low": low, "high": high}
