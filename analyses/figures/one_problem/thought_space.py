"""Where a problem's thoughts lie: their norms, the nodes that they resemble, and the path that they take.

Thought k is the final hidden state before slot k (`CoconutModel.think`). It is compared by its cosine with the input
embedding of each node's name (its first token); nodes are classed by their distance from the root: the thought's own
frontier (distance exactly k), nodes before it (less than k), nodes after it, and nodes that cannot be reached. A model
whose thoughts are a search frontier (Zhu et al., 2505.12514) has the frontier on top. The path is that of the thoughts
in the plane of their first two principal components; beside it, faint, are the paths of other problems, as a control:
what all problems share is not a sign of a search.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float, Int
from plotly.subplots import make_subplots

from analyses.drawing.chart import class_style, framed
from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import LIGHT
from analyses.readings.name_tree import name_tokens
from analyses.readings.node_classes import AROUND_FRONTIER, frontier_class
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem
from coconut_core.thoughts import thought_states


@dataclass(frozen=True)
class ThoughtSpace:
    """The thoughts of one problem among its nodes, and their path beside those of other problems."""

    names: tuple[str, ...]
    norm: Float[np.ndarray, "thought"]
    """Euclidean length of each thought."""
    embedding_norm: float
    """Mean length of a token's embedding."""
    cosine: Float[np.ndarray, "thought node"]
    kind: Int[np.ndarray, "thought node"]
    """What the node is for the thought, an index into `AROUND_FRONTIER`."""
    path: Float[np.ndarray, "problem thought 2"]
    """Coordinates in the plane of the first two components; the problem itself comes first."""
    explained: Float[np.ndarray, "2"]
    """Share of the variance of all thoughts along each component."""

    def frame(self) -> pd.DataFrame:
        """One row a thought and node."""
        thoughts, nodes = self.cosine.shape
        return pd.DataFrame(
            {
                "thought": np.repeat(np.arange(1, thoughts + 1), nodes),
                "norm": np.repeat(self.norm, nodes),
                "x": np.repeat(self.path[0, :, 0], nodes),
                "y": np.repeat(self.path[0, :, 1], nodes),
                "name": list(self.names) * thoughts,
                "class": [AROUND_FRONTIER[kind] for kind in self.kind.ravel()],
                "cosine": self.cosine.ravel(),
            }
        )

    def figure(self) -> go.Figure:
        """Norms; cosines with the nodes by class; the path."""
        thoughts = list(range(1, len(self.norm) + 1))
        titles = ["norm of each thought", "cosine with the nodes' embeddings", "path of the thoughts"]
        grid = make_subplots(1, 3, column_widths=[0.22, 0.42, 0.36], column_titles=titles, horizontal_spacing=0.08)
        grid.add_bar(x=thoughts, y=self.norm, marker={"color": LIGHT.scale[2]}, showlegend=False, row=1, col=1)
        grid.add_hline(y=self.embedding_norm, line={"color": LIGHT.distractor, "dash": "dash"}, row=1, col=1)
        for index, name in enumerate(AROUND_FRONTIER):
            look = class_style(index, name, size=9)
            shift = (index - 1.5) * 0.16
            at, node = np.nonzero(self.kind == index)
            dots = {"mode": "markers", "marker": look["marker"] | {"size": 6, "opacity": 0.55}}
            hover = [for_plotly(self.names[each]) for each in node]
            hover_text = "%{text}, thought %{customdata}: %{y:.3f}<extra></extra>"
            place = {"row": 1, "col": 2}
            grid.add_scatter(
                x=at + 1 + shift,
                y=self.cosine[at, node],
                text=hover,
                customdata=at + 1,
                hovertemplate=hover_text,
                legendgroup=name,
                showlegend=False,
                **dots,
                **place,
            )
            mean = pd.DataFrame(np.where(self.kind == index, self.cosine, np.nan)).mean(axis=1)
            grid.add_scatter(x=np.array(thoughts) + shift, y=mean, **look, **place)
        self._draw_path(grid)
        # The panels have room for eight numbers.
        ticks = {"tick0": 1, "dtick": -(-len(thoughts) // 8), "range": [0.4, len(thoughts) + 0.6]}
        for column in (1, 2):
            grid.update_xaxes(title_text="thought", **ticks, row=1, col=column)
        for axis, share, update in zip("xy", self.explained, (grid.update_xaxes, grid.update_yaxes), strict=True):
            number = "first" if axis == "x" else "second"
            update(title_text=f"{number} component, {share:.0%} of the variance", row=1, col=3)
        note = f"dashed: mean norm of a token's embedding, {self.embedding_norm:.1f} · faint paths: other problems"
        return framed(grid, "Where the thoughts lie", note, height=440, legend=1)

    def _draw_path(self, grid: go.Figure) -> None:
        for other in self.path[1:]:
            faint = {"color": LIGHT.fainter, "width": 1}
            hover = {"hoverinfo": "skip", "showlegend": False}
            grid.add_scatter(x=other[:, 0], y=other[:, 1], mode="lines", line=faint, **hover, row=1, col=3)
        grid.add_scatter(
            x=self.path[0, :, 0],
            y=self.path[0, :, 1],
            mode="lines+markers+text",
            text=_labels(self.path[0]),
            customdata=np.arange(len(self.norm)) + 1,
            textposition="top center",
            line={"color": LIGHT.scale[4], "width": 2},
            marker={"color": LIGHT.scale[4], "size": 8},
            hovertemplate="thought %{customdata}<extra></extra>",
            showlegend=False,
            row=1,
            col=3,
        )

    def caption(self) -> str:
        """The mean cosine with the frontier and with the other nodes, for the first two thoughts."""
        parts = []
        for k in range(min(2, len(self.norm))):
            own = self.kind[k] == 0
            if own.any() and not own.all():
                inside, outside = self.cosine[k, own].mean(), self.cosine[k, ~own].mean()
                parts.append(f"thought {k + 1}: {inside:.2f} with its frontier, {outside:.2f} with the other nodes")
        return f"Mean cosine of {'; '.join(parts)}." if parts else "No thought has a frontier here."


def thought_space(
    model: CoconutModel, problem: GraphProblem, others: Sequence[GraphProblem], count: int = 6
) -> ThoughtSpace:
    """The first `count` thoughts of a problem; `others` are the control. `InputError` for a method without slots."""
    if not model.method.has_slots:
        raise InputError(f"A model of the method {model.method.name} has no thoughts; choose one with slots.")
    states = thought_states(model, [problem, *others], count).double().numpy()
    embeddings = model.lm.get_input_embeddings().weight.detach().cpu().double().numpy()
    first, depth = name_tokens(Encoder(model.tokenizer, model.method), problem), problem.depth
    kinds = [[frontier_class(depth.get(node), k) for node in range(len(problem.names))] for k in range(1, count + 1)]
    spread = states.reshape(-1, states.shape[-1])
    centre = spread.mean(0)
    _, length, axes = np.linalg.svd(spread - centre, full_matrices=False)
    return ThoughtSpace(
        names=problem.names,
        norm=np.linalg.norm(states[0], axis=-1),
        embedding_norm=float(np.linalg.norm(embeddings, axis=-1).mean()),
        cosine=_unit(states[0]) @ _unit(embeddings[first]).T,
        kind=np.array(kinds),
        path=(states - centre) @ axes[:2].T,
        explained=(length**2 / (length**2).sum())[:2],
    )


def _labels(path: Float[np.ndarray, "thought 2"]) -> list[str]:
    """The number of each thought; where some lie on one spot, all of theirs at the first and none at the others."""
    near = 0.05 * np.ptp(path, axis=0).max()
    labels: dict[int, list[int]] = {}
    for k, point in enumerate(path):
        first = next((at for at in labels if np.abs(path[at] - point).max() < near), k)
        labels.setdefault(first, []).append(k + 1)
    return [", ".join(map(str, labels.get(k, []))) for k in range(len(path))]


def _unit(vectors: Float[np.ndarray, "row d_model"]) -> Float[np.ndarray, "row d_model"]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
