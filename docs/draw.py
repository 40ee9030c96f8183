"""`python -m docs.draw`: the pictures of the documentation, beside it.

Schemes are drawn box by box; trees and charts by the project's own drawing, from bundled models and CSVs. Git does not
keep the pictures that `make figures` and `python -m benchmarks.growth` leave in artifacts/: small copies are taken,
with the hashes of the CSVs that belong to them, by which a test tells when a copy is out of date.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd
import plotly.graph_objects as go
from PIL import Image

from analyses import Study, node_values, search_tree
from analyses.drawing.chart import chart, error_bars
from analyses.drawing.palette import FONT, LIGHT
from analyses.report.export import image, one_browser
from coconut_core import load_model, load_problems
from coconut_core.files import sha256

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
COPIES = ROOT / "docs" / "figures"
COLOURS = 64
"""Of a copy."""
MODELS = ROOT / "artifacts" / "models"
WIDTH = 760
BOX = 34
"""Height of a box, in pixels."""
WORD, THOUGHT, MARK = LIGHT.band, LIGHT.scale[1], LIGHT.paper


@dataclass
class Scheme:
    """A drawing of boxes, arrows and texts, grown from the top left; sizes in pixels."""

    height: int
    marks: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, text: str, fill: str, *, dashed: bool = False) -> None:
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.marks.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{BOX}" rx="6" fill="{fill}" stroke="{LIGHT.line}"{dash}/>'
        )
        self.text(x + width / 2, y + BOX / 2 + 5, text, anchor="middle")

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False, muted: bool = False):
        weight = ' font-weight="bold"' if bold else ""
        colour = LIGHT.muted if muted else LIGHT.ink
        text = escape(text)
        self.marks.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}"{weight}>{text}</text>')

    def arrow(self, *points: tuple[float, float], colour: str = LIGHT.line) -> None:
        path = "M" + " L".join(f"{x},{y}" for x, y in points)
        self.marks.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6" marker-end="url(#head)"/>'
        )

    def bar(self, x: float, y: float, width: float, fill: str) -> None:
        self.marks.append(f'<rect x="{x}" y="{y}" width="{width}" height="16" fill="{fill}"/>')

    def svg(self) -> str:
        head = (
            '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0 L8,4 L0,8 z" fill="{LIGHT.line}"/></marker>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" '
            f'height="{self.height}" font-family="{FONT}" font-size="14"><defs>{head}</defs>'
            f'<rect width="100%" height="100%" rx="8" fill="{LIGHT.paper}"/>' + "\n".join(self.marks) + "</svg>\n"
        )


def continuous_thought() -> str:
    """Above, a chain in words: each word goes back in. Below, thoughts: each hidden state goes back in."""
    scheme = Scheme(height=330)
    rows = {
        "Chain of thought: the word that was chosen goes back in": [
            ("question", 130, WORD), ("Tom is a", 96, WORD), ("lempus.", 96, WORD), ("Every", 96, WORD),
            ("...", 60, WORD), ("answer", 110, WORD),
        ],
        "Coconut: the hidden state goes back in, and no word is chosen": [
            ("question", 130, WORD), ("<bot>", 70, MARK), ("thought 1", 92, THOUGHT), ("thought 2", 92, THOUGHT),
            ("<eot>", 70, MARK), ("answer", 110, WORD),
        ],
    }  # fmt: skip
    for at, (title, boxes) in enumerate(rows.items()):
        top, x, thinks = 26 + 155 * at, 24, at == 1
        scheme.text(24, top, title, bold=True)
        for place, (text, width, fill) in enumerate(boxes):
            scheme.box(x, top + 62, width, text, fill)
            following = boxes[place + 1][0] if place + 1 < len(boxes) else ""
            feeds = following.startswith("thought") if thinks else place in (0, 1, 2, 3)
            if feeds:
                middle, after = x + width / 2, x + width + 14 + boxes[place + 1][1] / 2
                scheme.arrow((middle, top + 60), (middle, top + 36), (after, top + 36), (after, top + 59))
                said = "hidden state" if thinks else "word"
                scheme.text((middle + after) / 2, top + 29, said, anchor="middle", muted=True)
            x += width + 14
    scheme.text(24, 304, "A word is one choice. A hidden state may hold several continuations at once.", muted=True)
    return scheme.svg()


def curriculum() -> str:
    """Stage after stage, one more step in words gives way to a thought."""
    scheme = Scheme(height=258)
    for stage in range(4):
        y, x = 20 + 46 * stage, 100
        scheme.text(24, y + BOX / 2 + 5, f"stage {stage}", bold=True)
        boxes = [("question", 110, WORD)]
        boxes += [(f"thought {k}", 92, THOUGHT) for k in range(1, stage + 1)]
        boxes += [(f"step {k}", 92, WORD) for k in range(stage + 1, 4)]
        for text, width, fill in [*boxes, ("answer", 110, WORD)]:
            scheme.box(x, y, width, text, fill)
            x += width + 12
    scheme.text(24, 222, "Thoughts have no labels. The loss is that of the words after them,", muted=True)
    scheme.text(24, 241, "and its gradient reaches back through all thoughts.", muted=True)
    return scheme.svg()


def implicit_value() -> str:
    """After k thoughts the end of thinking and "Every" are forced; the next word's probabilities are the values."""
    problem, values = _divided()
    at = values.at(0, 1)
    names = sorted(problem.candidates(1), key=lambda node: -at.value[node])
    scheme = Scheme(height=130 + 26 * (len(names) + 2))
    x = 24
    boxes = [("question", 120, WORD), ("<bot>", 64, MARK), ("thought 1", 96, THOUGHT), ("<eot>", 64, MARK)]
    for text, width, fill in [*boxes, ("Every", 74, WORD), ("?", 60, MARK)]:
        scheme.box(x, 24, width, text, fill, dashed=text == "?")
        x += width + 12
    scheme.text(24, 84, "forced: the end of thinking, and the word that opens a step", muted=True)
    scheme.text(24, 112, "raw probability of the next word", bold=True)
    rows = [(problem.names[node], float(at.value[node]), LIGHT.scale[3]) for node in names]
    rows += [("other nodes", at.other_mass, LIGHT.faint), ("other words", at.off_graph, LIGHT.fainter)]
    for place, (name, value, fill) in enumerate(rows):
        y = 124 + 26 * place
        scheme.text(120, y + 13, name, anchor="end")
        scheme.bar(132, y, 480 * value, fill)
        scheme.text(140 + 480 * value, y + 13, f"{value:.2f}", muted=True)
    return scheme.svg()


def tree() -> go.Figure:
    """The search tree of the same problem after its first thought."""
    problem, _ = _divided()
    return search_tree(Study([("prosqa_laptop", load_model(MODELS / "prosqa_laptop"))], [problem]), k=1).figure()


def candidate_mass() -> go.Figure:
    """Where the probability of the next name lies, by k, for three models."""
    problems = load_problems(ROOT / "artifacts" / "problems" / "laptop.json")[:150]
    names = ("prosqa_laptop", "prosqa_laptop_coconut_unmixed")
    study = Study([(name, load_model(MODELS / name)) for name in names], problems)
    figure = chart(
        "Where the probability of the next name lies",
        f"after k thoughts and the opening; means of {len(problems)} problems; controls: k = 0, untrained",
        height=380,
        legend=1,
    )
    colours = {"candidates": LIGHT.scale[3], "other nodes": LIGHT.faint, "off the graph": LIGHT.fainter}
    rows = []
    for subject in study.subjects:
        values = node_values(subject.model, problems, ks=(0, 1, 2))
        masses = (values.candidate_mass, values.other_mass, values.off_graph)
        rows += [
            (subject.label.replace(", ", "<br>"), f"k = {k}", *(m[:, k].mean() for m in masses)) for k in (0, 1, 2)
        ]
    for place, (name, colour) in enumerate(colours.items(), start=2):
        figure.add_bar(
            x=[[row[0] for row in rows], [row[1] for row in rows]],
            y=[row[place] for row in rows],
            name=name,
            marker_color=colour,
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_yaxes(title_text="probability", range=[0, 1])
    return figure


def controls() -> go.Figure:
    """Accuracy of the bundled model beside its controls, from the CSVs of the report."""
    changed = pd.read_csv(ROOT / "artifacts" / "figures" / "prosqa" / "interventions.csv").query("position == 0")
    table = pd.read_csv(ROOT / "artifacts" / "tables" / "table_1.csv")
    own = changed[changed["subject"] == changed["subject"].iloc[0]].set_index("kind")
    rows = [("six thoughts", own.loc["none"]), ("another problem's thoughts", own.loc["swap"])]
    rows += [("noise of the same length", own.loc["noise"]), ("zeros", own.loc["zero"])]
    base = table[table["model"] == "prosqa_laptop"]
    rows.append(("no slot, the same weights", base[base["thoughts"] == 0].iloc[0]))
    for name, label in {
        "prosqa_laptop_pause_as_thought": "trained with pauses instead",
        "prosqa_laptop_no_thought": "trained with nothing instead",
        "prosqa_laptop_cot": "trained on chains in words",
    }.items():
        rows.append((label, table[table["model"] == name].sort_values("thoughts").iloc[-1]))
    line = pd.DataFrame([row for _, row in rows]).assign(what=[f"{text} (n = {row['n']:,.0f})" for text, row in rows])
    ahead = {"error_x": error_bars(line, "accuracy"), "mode": "markers"}
    figure = chart(
        "The bundled model and what it is held against", "accuracy, 95% Wilson intervals", height=400, left=265
    )
    figure.add_scatter(
        x=line["accuracy"], y=line["what"], marker={"size": 10, "color": LIGHT.scale[3]}, **ahead, showlegend=False
    )
    figure.update_xaxes(range=[0.5, 1.005], tickformat=".0%", title_text="accuracy")
    figure.update_yaxes(autorange="reversed")
    return figure


def _divided():
    """The first bundled problem of three hops whose root has three children, and the values of the bundled model."""
    problems = load_problems(ROOT / "artifacts" / "problems" / "laptop.json")
    problem = next(each for each in problems if len(each.candidates(1)) == 3 and each.hops == 3)
    return problem, node_values(load_model(MODELS / "prosqa_laptop").model, [problem], ks=(0, 1))


SCHEMES = (continuous_thought, curriculum, implicit_value)
FIGURES = {"search_tree": tree, "candidate_mass": candidate_mass, "controls": controls}


def take_copies() -> None:
    """Small copies of the pictures that are in artifacts/, and which CSV each belongs to."""
    made_from = COPIES / "made_from.json"
    hashes = json.loads(made_from.read_text()) if made_from.is_file() else {}
    for folder in ("figures/prosqa", "benchmarks", "verdict/puzzle/laptop"):
        for path in sorted((ROOT / "artifacts" / folder).glob("*.png")):
            picture = Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            picture.save(COPIES / path.name, optimize=True)
            hashes[path.stem] = sha256(path.with_suffix(".csv"))
    made_from.write_text(json.dumps(hashes, indent=2, sort_keys=True) + "\n")


def main() -> None:
    """Draw them all."""
    take_copies()
    for scheme in SCHEMES:
        (PICTURES / f"{scheme.__name__}.svg").write_text(scheme())
    with one_browser():
        for name, figure in FIGURES.items():
            (PICTURES / f"{name}.svg").write_bytes(image(figure(), "svg", width=WIDTH))


if __name__ == "__main__":
    main()
