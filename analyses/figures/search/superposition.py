"""Is a thought a superposition of nodes? Inner products of thoughts with node embeddings (Zhu et al., 2505.12514).

The inner product of thought k with the input embedding of every node's name (its first token) is averaged over the
nodes of a class: not reachable within k steps; reachable within k steps; the frontier, exactly k steps away; optimal,
exactly k steps away and on a shortest path to the target. The last three are nested. Zhu et al. find optimal above
frontier above reachable above not reachable, in a model trained from scratch with one token per node; their table is
drawn beside. Classes that occur in fewer than 10 problems are in the table but not drawn. Products depend on the scale
of the embeddings, so compare the order of the classes and the gaps between them, not the numbers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import class_style, drawn_from, error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.figures.published import SUPERPOSITION
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.name_tree import name_tokens
from analyses.readings.node_classes import nodes_by_class
from analyses.readings.study import Study
from coconut_core.encoding import Encoder
from coconut_core.problems.fact_classes import NESTED


@dataclass(frozen=True)
class Superposition:
    """Mean inner product of a thought with the nodes of a class; NaN for an empty class."""

    labels: tuple[str, ...]
    product: Float[np.ndarray, "subject problem thought class"]
    """Classes in the order of `NESTED`."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, thought and class: n, mean, bootstrap interval, and the published mean."""
        rows = []
        for subject, label in enumerate(self.labels):
            for thought in range(self.product.shape[2]):
                for index, name in enumerate(NESTED):
                    values = self.product[subject, :, thought, index]
                    if n := int((~np.isnan(values)).sum()):
                        means = SUPERPOSITION[name] if subject == 0 else ()
                        published = means[thought] if thought < len(means) else np.nan
                        interval = bootstrap_mean(values)
                        rows.append((label, thought + 1, name, n, np.nanmean(values), *interval, published))
        columns = ["subject", "thought", "class", "n", "product", "low", "high", "published"]
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """A panel for each subject and the published means: product against thought, a line for each class."""
        frame = self.frame()
        frame = frame[frame["n"] >= drawn_from(len(self.product[0]))]
        titles = [*(label.replace(", ", ",<br>") for label in self.labels), "Zhu et al., published"]
        grid = make_subplots(1, len(titles), column_titles=titles, horizontal_spacing=0.04)
        for index, name in enumerate(NESTED):
            look = class_style(index, name, size=7)
            shift = (index - 1.5) * 0.07  # so that bars stand beside each other
            for column, label in enumerate(self.labels, start=1):
                line = frame[(frame["subject"] == label) & (frame["class"] == name)]
                bars = error_bars(line, "product", width=2)
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
            parts.append(", ".join(f"{name} {mean:.2f}" for name, mean in zip(NESTED, means, strict=True)))
        return f"First thought: {parts[0]}; second thought: {parts[1]}."


def superposition(study: Study) -> Superposition:
    """Inner products of every subject that has slots; of pauses, the states before the slots are taken."""
    subjects = study.with_slots()
    products = []
    for subject in subjects:
        encoder = Encoder(subject.model.tokenizer, subject.method)
        embeddings = subject.model.lm.get_input_embeddings().weight.detach().cpu().double().numpy()
        states = study.thoughts(subject).double().numpy()
        product = np.full((*states.shape[:2], len(NESTED)), np.nan)
        for index, problem in enumerate(study.problems):
            first = name_tokens(encoder, problem)
            inner = states[index] @ embeddings[first].T
            for thought in range(states.shape[1]):
                for kind, nodes in enumerate(nodes_by_class(problem, thought + 1)):
                    if nodes:
                        product[index, thought, kind] = inner[thought, nodes].mean()
        products.append(product)
    return Superposition(tuple(subject.label for subject in subjects), np.stack(products))
