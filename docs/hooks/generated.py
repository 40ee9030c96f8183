"""Pages and files of the documentation that are made of something else, so that they cannot fall behind it.

The modules of the two packages become pages of the reference, the notebooks of `examples/` pages with the outputs that
they keep. The CSVs of `artifacts/` are copied.
"""

from collections.abc import Iterator
from pathlib import Path

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

ROOT = Path(__file__).parents[2]
SHOWN = (
    "exam/*.csv",
    "verdict/**/*.csv",
    "figures/*/*.csv",
    "tables/*.csv",
    "benchmarks/*.csv",
    "screenshots/search_tree.png",
    "screenshots/population.png",
)
"""What of artifacts/ pages show or link to, at the same place below artifacts/."""
PACKAGES = {
    "coconut_core": "models, thoughts, checkpoints",
    "coconut_core.problems": "tasks, problems, graphs",
    "coconut_core.training": "from a config to a checkpoint",
    "coconut_core.known": "models whose algorithm is known",
    "analyses.readings": "numbers read from models",
    "analyses.figures": "figures and tables",
    "analyses.exam": "the instruments on known models",
    "analyses.verdict": "what the instruments say of a model",
    "analyses.drawing": "how figures look",
    "analyses.report": "results as files",
}
"""A page each, with what it is about."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files that are not in docs/."""
    for pattern in SHOWN:
        for path in sorted((ROOT / "artifacts").glob(pattern)):
            place = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, place, abs_src_path=str(path)))
    for path in sorted((ROOT / "examples").glob("*.ipynb")):
        for place, content in _notebook(path):
            files.append(File.generated(config, place, content=content))
    for package, about in PACKAGES.items():
        text = _package(package, about)
        files.append(File.generated(config, f"api/{package}.md", content=text))
    pages = {"Examples": sorted((ROOT / "examples").glob("*.ipynb"))}
    for section in config.nav or ():
        for name, entries in section.items():
            if name in pages:
                entries += [f"examples/{path.stem}.md" for path in pages[name]]
            if name == "Reference":
                entries += [{package: f"api/{package}.md"} for package in PACKAGES]
    return files


def modules(package: str) -> list[str]:
    """Names of the modules of a package's page, those of folders that have pages of their own left out."""
    folder = ROOT / package.replace(".", "/")
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(folder.rglob("*.py"))]
    others = [other for other in PACKAGES if other.startswith(f"{package}.")]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    return [name for name in names if not any(name == o or name.startswith(f"{o}.") for o in others)]


def _package(package: str, about: str) -> str:
    """A page with the docstrings of every public name of every module of a package."""
    own = [name for name in modules(package) if _source(name).read_text().strip()]
    # What a package hands on is described in the module that it comes from.
    parts = [f"::: {name}" + ("\n    options:\n      members: false" if _is_package(name) else "") for name in own]
    return "\n\n".join([f"# {package}: {about}", *parts]) + "\n"


def _is_package(module: str) -> bool:
    return (ROOT / module.replace(".", "/")).is_dir()


def _source(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if _is_package(module) else path.with_suffix(".py")


def _notebook(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """A notebook as a page, and its pictures."""
    notebook = nbformat.read(path, as_version=4)
    text, resources = MarkdownExporter().from_notebook_node(notebook, {"unique_key": path.stem})
    title, _, rest = text.partition("\n")
    note = f"\n\nThis page is the notebook `examples/{path.name}` with the outputs of its last run.\n"
    yield f"examples/{path.stem}.md", title + note + rest
    for name, picture in resources["outputs"].items():
        yield f"examples/{name}", picture
