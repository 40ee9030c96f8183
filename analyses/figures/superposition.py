"""Is a thought a superposition of nodes? Inner products of thoughts with node embeddings (Zhu et al., 2505.12514).

Thought k is multiplied with the input embedding of every node's name (its first token), and the products are averaged
by what the node is after k steps: not reachable in k steps; reachable in k or fewer; the frontier, at a distance of
exactly k; optimal, on a shortest path to the target at distance k. The last three are nested. Zhu et al. find optimal
above frontier above reachable above not reachable in a from-scratch model with one token a node; their table is drawn
beside. Classes that fewer than 10 problems have are in the table alone. Products depend on the scale of embeddings:
the order and the gaps compare between models, not the numbers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import STYLES, drawn_from, framed
from analyses.drawing.palette import LIGHT
from analyses.figures.published import SUPERPOSITION
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.study import Study
from coconut_core.encoding import Encoder
from coconut_core.problems.graph import depths, optimal_nodes

CLASSES = ("not reachable", "reachable", "frontier", "optimal")


@dataclass(frozen=True)
class Superposition:
    """Mean inner product of a thought with the nodes of a class; NaN where a problem has none of it."""

    labels: tuple[str, ...]
    product: Float[np.ndarray, "subject problem thought class"]

    def frame(self) -> pd.DataFrame:
        """One row a subject, thought and class: n, mean, bootstrap interval, and the published mean."""
        rows = []
        for subject, label in enumerate(self.labels):
            for thought in range(self.product.shape[2]):
                for index, name in enumerate(CLASSES):
                    values = self.product[subject, :, thought, index]
                    n = int((~np.isnan(values)).sum())
                    if not n:
                        continue
                    published = SUPERPOSITION[name][thought] if subject == 0 and thought < 4 else np.nan
                    rows.append((label, thought + 1, name, n, np.nanmean(values), *bootstrap_mean(values), published))
        columns = ["subject", "thought", "class", "n", "product", "low", "high", "published"]
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """A panel a subject, and the published means: inner product against the thought, a line a class."""
        frame = self.frame()
        frame = frame[frame["n"] >= drawn_from(len(self.product[0]))]
        titles = [*(label.replace(", ", ",<br>") for label in self.labels), "Zhu et al., published"]
        grid = make_subplots(1, len(titles), column_titles=titles, horizontal_spacing=0.04)
        for index, name in enumerate(CLASSES):
            colour, dash, symbol = STYLES[index]
            look = {
                "mode": "lines+markers",
                "line": {"color": colour, "dash": dash},
                "marker": {"symbol": symbol, "size": 7, "color": colour},
                "name": name,
                "legendgroup": name,
            }
            for column, label in enumerate(self.labels, start=1):
                line = frame[(frame["subject"] == label) & (frame["class"] == name)]
                bars = {
                    "array": line["high"] - line["product"],
                    "arrayminus": line["product"] - line["low"],
                    "width": 2,
                }
                shift = (index - 1.5) * 0.07  # so that bars stand beside each other
                place = {"row": 1, "col": column, "showlegend": column == 1}
                grid.add_scatter(x=line["thought"] + shift, y=line["product"], error_y=bars, **look, **place)
            published = {"x": [1, 2, 3, 4], "y": SUPERPOSITION[name], "showlegend": False}
            grid.add_scatter(**published, **look, opacity=0.55, row=1, col=len(titles))
        grid.add_hline(y=0, line={"color": LIGHT.faint, "width": 1})
        grid.update_xaxes(dtick=1, title_text="thought")
        low, high = frame["low"].min(), frame["high"].max()
        for column in range(1, len(titles)):
            grid.update_yaxes(range=[low - 0.05 * (high - low), high + 0.05 * (high - low)], row=1, col=column)
            if column > 1:
                grid.update_yaxes(showticklabels=False, row=1, col=column)
        grid.update_yaxes(title_text="inner product with the embedding", row=1, col=1)
        n = self.product.shape[1]
        return framed(
            grid,
            "Superposition",
            f"classes by distance from the root after k steps; {n} problems",
            height=440,
            legend=2,
        )

    def caption(self) -> str:
        """The order of the classes for the first two thoughts."""
        parts = []
        for thought in (0, 1):
            means = np.nanmean(self.product[0, :, thought], axis=0)
            parts.append(", ".join(f"{name} {mean:.2f}" for name, mean in zip(CLASSES, means, strict=True)))
        return f"First thought: {parts[0]}; second thought: {parts[1]}."


def superposition(study: Study) -> Superposition:
    """Inner products of every subject that has slots; those of pauses are the states before the slots."""
    subjects = study.with_slots()
    kinds = [_kinds(problem) for problem in study.problems]
    products = []
    for subject in subjects:
        encoder = Encoder(subject.model.tokenizer, subject.model.method)
        embeddings = subject.model.lm.get_input_embeddings().weight.detach().cpu().double().numpy()
        states = study.thoughts(subject).double().numpy()
        product = np.full((*states.shape[:2], len(CLASSES)), np.nan)
        for index, problem in enumerate(study.problems):
            first = encoder.first_tokens(problem.names)
            inner = states[index] @ embeddings[first].T
            for thought in range(states.shape[1]):
                for kind, nodes in enumerate(kinds[index](thought + 1)):
                    if nodes:
                        product[index, thought, kind] = inner[thought, nodes].mean()
        products.append(product)
    return Superposition(tuple(subject.label for subject in subjects), np.stack(products))


def _kinds(problem):
    """For a number of steps, the nodes of each class."""
    depth = depths(problem.graph, problem.root)
    optimal = optimal_nodes(problem.graph, problem.root, problem.target)

    def of(k: int) -> tuple[list[int], ...]:
        within = [node for node, at in depth.items() if at <= k]
        frontier = [node for node, at in depth.items() if at == k]
        beyond = [node for node in range(len(problem.names)) if depth.get(node, k + 1) > k]
        return beyond, within, frontier, [node for node in frontier if node in optimal]

    return of
