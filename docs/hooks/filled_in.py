"""What pages take from elsewhere when they are built: numbers from CSVs, figures with captions, commands' help.

Pages are Jinja templates. A number that a page names is read from the CSV of `artifacts/` that holds it, so that page
and CSV cannot disagree; a row that is not there, or there twice, ends the build.
"""

import inspect
import json
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from jinja2 import Environment, StrictUndefined
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from typer.cli import get_docs_for_click

import analyses
import coconut_core
from analyses import FIGURES
from workbench.commands.__main__ import app

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "artifacts"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what a page of docs/ asks for; pages that are made of notebooks and modules are left as they are."""
    if page.file.generated_by is not None:
        return markdown
    up = "../" * page.file.src_uri.count("/")
    names = {"share": share, "mean": mean, "number": number, "method_table": method_table, "speed_table": speed_table}
    names |= {"figure": lambda name, folder="figures/prosqa": figure(name, up, folder), "gallery": lambda: gallery(up)}
    names |= {"commands": commands, "face": face}
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(markdown).render(names)


def row(path: str, **where: Any) -> pd.Series:
    """The one row of a CSV of `artifacts/` whose columns have these values."""
    frame = pd.read_csv(ARTIFACTS / path)
    for column, value in where.items():
        cells = frame[column].str.strip() if isinstance(value, str) else frame[column]
        frame = frame[cells == value]
    if len(frame) != 1:
        raise ValueError(f"{path}: {len(frame)} rows have {where}; name the columns that tell one row.")
    return frame.iloc[0]


def share(path: str, column: str = "accuracy", low: str = "low", high: str = "high", n: str = "n", **where: Any) -> str:
    """A share in percent with its 95% interval and n."""
    found = row(path, **where)
    interval = f"{found[low]:.1%} to {found[high]:.1%}".replace("% to", " to").replace("%", "")
    return f"{found[column]:.1%} ({interval}; n = {found[n]:,.0f})"


def mean(path: str, column: str, low: str = "low", high: str = "high", n: str = "n", **where: Any) -> str:
    """A number that is no share, with its 95% interval and n."""
    found = row(path, **where)
    return f"{found[column]:.2f} ({found[low]:.2f} to {found[high]:.2f}; n = {found[n]:,.0f})"


def number(path: str, column: str, form: str = ".2f", **where: Any) -> str:
    """A number that stands beside one with an interval, such as a baseline, a p or what the paper has."""
    return format(row(path, **where)[column], form)


def figure(name: str, up: str = "", folder: str = "figures/prosqa") -> str:
    """A figure of the report in a folder of `artifacts/`, with its caption, which was computed with it, and a link to
    its numbers."""
    entry, found = _manifest(folder)["figures"][name], _figures()[name]
    title = found.title
    links = f"[numbers as CSV]({up}artifacts/{folder}/{name}.csv) · [definition]({up}figures.md#{name})"
    return (
        f'<figure markdown="span">\n![{title}]({up}figures/{name}.png){{ loading=lazy }}\n'
        f"<figcaption markdown>{entry['caption']} {links}</figcaption>\n</figure>"
    )


def gallery(up: str = "") -> str:
    """Every figure of the registry: picture, caption, definition, module, command."""
    parts, manifest = [], _manifest()["figures"]
    for name, found in _figures().items():
        source = f"{up}artifacts/figures/prosqa/{name}"
        shown = [f"## {found.title} {{ #{name} }}"]
        if name in manifest and "left_out" not in manifest[name]:
            shown += [f"![{found.title}]({up}figures/{name}.png){{ loading=lazy }}", manifest[name]["caption"]]
            shown += [f"[Numbers as CSV]({source}.csv)"]
        definition = "\n".join(f"    {line}" for line in found.definition.splitlines())
        shown += [f"`coconut figures --only {name}` · [{found.module}][{found.module}]"]
        shown += [f'??? note "How it is computed"\n\n{definition}']
        parts += shown
    return "\n\n".join(parts)


def commands() -> str:
    """The help of every command, from the commands themselves."""
    group = typer.main.get_command(app)
    text = get_docs_for_click(obj=group, ctx=typer.Context(group, info_name="coconut"), name="coconut")
    # The page has a title of its own.
    return text.partition("\n")[2]


def face() -> str:
    """The names of the public face, each with the first sentence of its docstring."""
    lines = []
    for package in (coconut_core, analyses):
        lines.append(f"\n## from {package.__name__} import ...\n")
        for name in package.__all__:
            target, found = f"{package._HOMES[name]}.{name}", getattr(package, name)
            own = inspect.isclass(found) or inspect.isfunction(found)
            first = inspect.getdoc(found).split("\n\n")[0].replace("\n", " ") if own else "A table, by name."
            lines.append(f"- [`{name}`][{target}]: {first}")
    return "\n".join(lines)


def method_table() -> str:
    """Table 1 on the 2,000 held-out problems, from its CSV."""
    frame = pd.read_csv(ARTIFACTS / "tables" / "table_1.csv")
    lines = ["| model | answers after | accuracy | difference | p | tokens | seconds | the paper's GPT-2 |"]
    lines.append("|---" * 8 + "|")
    for at, found in frame.iterrows():
        removed, label = "slots removed" in found["label"], found["label"].strip()
        named = isinstance(found["model"], str)
        name = "the same weights" if removed else f"`{found['model']}`" if named else "no model"
        slots = f"{found['thoughts']:.0f} slots" if found["thoughts"] else "no slot"
        after = slots if named else ""
        accuracy = f"{found['accuracy']:.1%} ({100 * found['low']:.1f} to {100 * found['high']:.1f})"
        difference = p = ""
        if at:
            low, high = 100 * found["difference_low"], 100 * found["difference_high"]
            difference = f"{100 * found['difference']:+.1f} ({low:+.1f} to {high:+.1f})"
            p = "<1e-300" if found["mcnemar_p"] < 1e-300 else f"{found['mcnemar_p']:.1g}"
        paper = _or_empty(found["paper_accuracy"], ".1%")
        tokens, seconds = _or_empty(found["generated_tokens"], ".1f"), _or_empty(found["seconds"], ".4f")
        model = name if removed else f"{name}: {label}"
        # An interval is not torn apart.
        accuracy, difference = (cell.replace(" ", "&nbsp;") for cell in (accuracy, difference))
        lines.append(f"| {' | '.join([model, after, accuracy, difference, p, tokens, seconds, paper])} |")
    return "\n".join(lines)


def speed_table() -> str:
    """The benchmarks, from their CSV."""
    frame = pd.read_csv(ARTIFACTS / "benchmarks" / "benchmarks.csv")
    lines = ["| work | shape | against | ratio | operations | at most | memory |", "|---" * 7 + "|"]
    for _, found in frame.iterrows():
        ratio = f"{found['ratio']:.1f} ({found['low']:.1f} to {found['high']:.1f})"
        memory = _or_empty(found["memory"], ".2f")
        floor = _or_empty(found["memory_floor"], ".2f")
        cells = [found["name"], found["shape"], found["against"], ratio, _or_empty(found["operations"], ".1f")]
        cells += [_or_empty(found["most"], ".1f"), f"{memory} ({floor})" if floor else memory]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _or_empty(value: float, form: str) -> str:
    return "" if value != value else format(value, form)


def _manifest(folder: str = "figures/prosqa") -> dict:
    return json.loads((ARTIFACTS / folder / "manifest.json").read_text())


def _figures() -> dict:
    return {each.name: each for each in FIGURES}
