"""What documentation and examples could silently get wrong: names, numbers, links, notebooks that no longer run."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
LARGEST_NOTEBOOK = 150_000
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
"""The target of a Markdown link, without its anchor."""
COMMAND = re.compile(r"^(?: {4}|\s*\d+\..*?`)(coconut|make) ([\w-]+)(?: ([\w-]+))?", re.M)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation as `make docs` builds it."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(out)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return out


def commands() -> set[str]:
    import typer

    from workbench.commands.__main__ import app

    found = typer.main.get_command(app)
    return {name for name in found.commands} | {f"data {name}" for name in found.commands["data"].commands}


def targets() -> set[str]:
    text = (ROOT / "Makefile").read_text() + (ROOT / "models.mk").read_text()
    return set(re.findall(r"^([\w-]+):", text, re.M))


@pytest.mark.slow
def test_every_command_every_figure_and_every_module_is_in_the_site(site):
    from analyses import FIGURES

    page = (site / "commands.html").read_text()
    assert [name for name in commands() if f"coconut {name}" not in page] == []
    page = (site / "figures.html").read_text()
    assert [each.name for each in FIGURES if f'id="{each.name}"' not in page] == []
    reference = "".join(path.read_text() for path in (site / "api").glob("*.html"))
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in (ROOT / "analyses").rglob("[!_]*.py")]
    assert len(names) > 40 and [name for name in names if f'id="{name}"' not in reference] == []


@pytest.mark.slow
def test_numbers_of_the_site_are_those_of_the_csv(site):
    import pandas as pd

    best = pd.read_csv(ROOT / "artifacts" / "tables" / "table_1.csv").iloc[0]
    shown = f"{best['accuracy']:.1%} ({100 * best['low']:.1f} to {100 * best['high']:.1f}; n = {best['n']:,})"
    assert shown in (site / "findings.html").read_text()


@pytest.mark.slow
def test_the_site_asks_nothing_of_the_network(site):
    for path in site.rglob("*.html"):
        for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", path.read_text()):
            assert not re.search(r'(?:src|href)="https?:', tag) or 'rel="canonical"' in tag, (path.name, tag)


def test_a_number_that_is_not_there_ends_the_build():
    from docs.hooks.filled_in import share

    with pytest.raises(ValueError, match="0 rows"):
        share("tables/table_1.csv", model="prosqa_laptop", thoughts=7)
    with pytest.raises(ValueError, match="2 rows"):
        share("tables/table_1.csv", model="prosqa_laptop")


def test_findings_name_every_figure_that_is_of_more_than_one_problem():
    from analyses import FIGURES

    text = (DOCS / "findings.md").read_text() + (DOCS / "definitions.md").read_text()
    left = [each.name for each in FIGURES if each.name not in text and not each.name.startswith("figure_7")]
    assert left == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda path: path.name)
def test_commands_that_pages_show_exist(page):
    known, makes = commands(), targets()
    for program, name, second in COMMAND.findall(page.read_text()):
        if program == "make":
            assert name in makes, f"make {name}"
        else:
            assert name in known and (name != "data" or f"data {second}" in known), f"coconut {name} {second}"


def test_the_readme_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 80
    links = [link for link in LINK.findall(text) if not link.startswith("http")]
    assert len(links) > 5 and [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_s_python_runs(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    (tmp_path / "artifacts").symlink_to(ROOT / "artifacts")
    monkeypatch.chdir(tmp_path)
    exec(code.replace("[:100]", "[:5]"), {})
    assert (tmp_path / "values.csv").stat().st_size > 1000


def test_pages_are_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text()
    assert [page for page in PAGES if page.relative_to(DOCS).as_posix() not in text] == []
    assert yaml.safe_load(text)["strict"] is True


def test_notebooks_use_the_public_face_alone():
    import analyses
    import coconut_core

    public = {"coconut_core": coconut_core.__all__, "analyses": analyses.__all__}
    for path in NOTEBOOKS:
        for cell in code_cells(path):
            tree = ast.parse(re.sub(r"^!.*$", "", cell.source, flags=re.M))
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in public:
                    assert {alias.name for alias in node.names} <= set(public[node.module]), path.name


def test_notebooks_are_small_and_keep_the_outputs_of_one_run():
    assert len(NOTEBOOKS) == 7
    for path in NOTEBOOKS:
        assert path.stat().st_size < LARGEST_NOTEBOOK, path.name
        counts = [cell.execution_count for cell in code_cells(path)]
        assert counts == list(range(1, len(counts) + 1)), path.name
        outputs = [output for cell in code_cells(path) for output in cell.outputs]
        assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"], path.name


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_and_say_as_much_as_they_keep(path):
    """What they say may differ in a digit on another machine; figures are not drawn, which needs a browser."""
    from examples.__main__ import executed

    kept = code_cells(path)
    for old, new in zip(kept, [c for c in executed(path, "json").cells if c.cell_type == "code"], strict=True):
        assert [output.output_type for output in new.outputs] == [output.output_type for output in old.outputs]
        assert [lines(output) for output in new.outputs] == [lines(output) for output in old.outputs]


def lines(output: nbformat.NotebookNode) -> int:
    """Lines of a text; 1 of a figure."""
    text = output.get("text") or output.get("data", {}).get("text/plain")
    return len(text.splitlines()) if text else 1


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_pictures_of_the_documentation_are_drawn_by_its_own_module():
    tree = ast.parse((DOCS / "draw.py").read_text())
    text = ast.unparse(tree)
    pictures = sorted((DOCS / "pictures").glob("*.svg"))
    assert len(pictures) == 6 and [path.name for path in pictures if path.stem not in text] == []
    shown = "".join(page.read_text() for page in PAGES)
    assert [path.name for path in pictures if f"pictures/{path.name}" not in shown] == []


def test_copies_of_figures_belong_to_the_csvs_of_today():
    """After `make figures`, `make pictures` takes them anew."""
    from coconut_core.files import sha256

    made_from = json.loads((DOCS / "figures" / "made_from.json").read_text())
    assert len(made_from) > 20 and set(made_from) == {path.stem for path in (DOCS / "figures").glob("*.png")}
    for name, known in made_from.items():
        (csv,) = (
            path
            for folder in ("figures/prosqa", "benchmarks", "verdict/puzzle/laptop")
            for path in (ROOT / "artifacts" / folder).glob(f"{name}.csv")
        )
        assert known == sha256(csv), name


def test_packages_of_the_documentation_are_pinned():
    pinned = (ROOT / "constraints.txt").read_text().lower()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = [re.split("[><]", each)[0].lower() for each in extras["docs"]]
    assert len(names) > 5 and [name for name in names if f"\n{name}==" not in pinned] == []
