"""The words that a thought reads as after every layer: the logit lens (nostalgebraist 2020), through TransformerLens.

Thought k is computed at the position before slot k. The residual stream there, after each layer, is put through the
final norm and the language head and read as a distribution over words; the last row is that of the thought itself
(`thought_decoding.py`). Beside it: the norm of each thought and the cosine between any two.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import framed
from analyses.drawing.escaping import for_plotly, truncated
from analyses.drawing.palette import LIGHT
from analyses.readings.transformer_lens_view import bridge, thoughts_in_place, with_slots
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem

WORDS_KEPT = 5
"""Most probable words that are kept of each layer and thought."""
MOST_THOUGHTS_BESIDE = 8
"""Thoughts whose words leave room for the cosines beside them; those of more stand below."""
LONGEST_WORD = 12
"""Characters of a word that fit into its cell."""


@dataclass(frozen=True)
class Lens:
    """One problem's thoughts, layer by layer."""

    words: tuple[tuple[tuple[str, ...], ...], ...]
    """The most probable words, by layer (0: the embedding) and thought."""
    probability: Float[np.ndarray, "layer thought rank"]
    norm: Float[np.ndarray, "thought"]
    """Euclidean length of each thought."""
    embedding_norm: float
    """Mean length of a token's embedding, for comparison."""
    cosine: Float[np.ndarray, "thought thought"]

    def frame(self) -> pd.DataFrame:
        """One row a layer, thought and rank, each with the thought's norm and its cosines with all thoughts."""
        rows = [
            (layer, thought + 1, rank + 1, word, self.probability[layer, thought, rank])
            for layer, by_thought in enumerate(self.words)
            for thought, words in enumerate(by_thought)
            for rank, word in enumerate(words)
        ]
        frame = pd.DataFrame(rows, columns=["layer", "thought", "rank", "word", "probability"])
        at = frame["thought"] - 1
        cosines = {f"cosine with thought {k + 1}": cosine[at] for k, cosine in enumerate(self.cosine)}
        return frame.assign(norm=self.norm[at], **cosines)

    def figure(self) -> go.Figure:
        """The first word by layer and thought; beside it, or below it, cosines between thoughts."""
        layers, thoughts, _ = self.probability.shape
        beside = thoughts <= MOST_THOUGHTS_BESIDE
        numbers = [str(k + 1) for k in range(thoughts)]
        rows = ["embedding", *(f"layer {layer}" for layer in range(1, layers))]
        hover = [
            [
                "<br>".join(
                    f"{for_plotly(word)} {p:.3f}" for word, p in zip(words, self.probability[layer, at], strict=True)
                )
                for at, words in enumerate(by_thought)
            ]
            for layer, by_thought in enumerate(self.words)
        ]
        first = [
            [
                f"{for_plotly(truncated(words[0], LONGEST_WORD))}<br>{self.probability[layer, at, 0]:.2f}"
                for at, words in enumerate(by_thought)
            ]
            for layer, by_thought in enumerate(self.words)
        ]
        titles = ["most probable word, layer by layer", "cosine between thoughts"]
        words_height, cosines_height, gap = 62 * layers, 34 * thoughts, 110
        if beside:
            grid = make_subplots(1, 2, column_widths=[0.67, 0.33], subplot_titles=titles, horizontal_spacing=0.14)
            tall = words_height
        else:
            tall = words_height + gap + cosines_height
            heights = [words_height, cosines_height]
            grid = make_subplots(2, 1, row_heights=heights, subplot_titles=titles, vertical_spacing=gap / tall)
        bar = {"title": {"text": "p(word)", "side": "right"}, "thickness": 8, "outlinewidth": 0, "xpad": 0}
        bar |= {"x": 0.595 if beside else 1.005, "y": 1, "yanchor": "top", "len": words_height, "lenmode": "pixels"}
        look = {"colorscale": [(0, LIGHT.paper), (1, LIGHT.scale[1])], "zmin": 0, "zmax": 1, "colorbar": bar}
        grid.add_heatmap(
            x=numbers,
            y=rows,
            z=self.probability[..., 0],
            text=first,
            texttemplate="%{text}",
            textfont={"size": 11, "color": LIGHT.ink},
            hovertext=hover,
            hovertemplate="%{y}, thought %{x}<br>%{hovertext}<extra></extra>",
            **look,
            row=1,
            col=1,
        )
        below = {"row": 1, "col": 2} if beside else {"row": 2, "col": 1}
        grid.add_heatmap(
            x=numbers,
            y=numbers,
            z=self.cosine,
            texttemplate="%{z:.2f}",
            textfont={"color": LIGHT.ink},
            hovertemplate="thoughts %{y} and %{x}: %{z:.3f}<extra></extra>",
            colorscale=[(0, "#f0a27a"), (0.5, LIGHT.paper), (1, LIGHT.scale[2])],
            zmin=-1,
            zmax=1,
            showscale=False,
            **below,
        )
        grid.update_xaxes(type="category", title_text="thought")
        grid.update_yaxes(type="category")
        grid.update_yaxes(autorange="reversed", **below)
        norms = ", ".join(f"{norm:.1f}" for norm in self.norm)
        return framed(
            grid,
            "Thoughts through the layers",
            f"norms of the thoughts: {norms} · mean norm of a token's embedding: {self.embedding_norm:.1f}",
            height=150 + tall,
            left=90,
            right=40 if beside else 70,
        )


def lens(model: CoconutModel, problem: Problem, count: int = 6) -> Lens:
    """The first `count` thoughts of one problem, layer by layer; `InputError` for a method without slots."""
    if not model.method.has_slots:
        raise InputError(f"A model of the method {model.method.name} has no thoughts; choose one with slots.")
    encoder = Encoder(model.tokenizer, model.method)
    ids, mask = pad_left(encoder.questions([problem.question]), model.tokens.padding, model.device)
    with torch.inference_mode():
        states = model.think(ids, mask, count).states
        longer, longer_mask = with_slots(model, ids, mask, count - 1)
        embeddings = model.lm.get_input_embeddings().weight
        fed = model.slot_content(states[:, :-1])
        view = bridge(model)
        with thoughts_in_place(view, longer, fed):
            _, cache = view.run_with_cache(longer, attention_mask=longer_mask)
        at = slice(ids.shape[1] - 1, None)
        streams = [cache["blocks.0.hook_resid_pre"][0, at]]
        streams += [cache[f"blocks.{layer}.hook_resid_post"][0, at] for layer in range(view.cfg.n_layers)]
        probability = torch.stack([view.unembed(view.ln_final(s[None]))[0].softmax(-1) for s in streams])
    top = probability.float().cpu().topk(WORDS_KEPT)
    words = tuple(
        tuple(tuple(model.tokenizer.decode([int(token)]) for token in ids) for ids in layer) for layer in top.indices
    )
    own = states[0].float().cpu()
    unit = own / own.norm(dim=-1, keepdim=True)
    return Lens(
        words,
        top.values.numpy(),
        own.norm(dim=-1).numpy(),
        embeddings.detach().float().norm(dim=-1).mean().item(),
        (unit @ unit.T).numpy(),
    )
