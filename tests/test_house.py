"""The shape of the project: which folder may import which, no circles, no full folder, no task's name elsewhere."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("coconut_core", "analyses", "workbench")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FEWEST_EXPECTED = 100
LONGEST_MODULE = 300
MOST_MODULES_OF_A_FOLDER = 22

# Folder: what its modules may import of this project, beside modules of the same folder. A rule is a prefix of names.
RULES = {
    "coconut_core": ("coconut_core",),
    "coconut_core.speedups": (),
    "coconut_core.problems": (
        *("coconut_core.bundled", "coconut_core.downloads", "coconut_core.errors", "coconut_core.files"),
        "coconut_core.reading",
    ),
    "coconut_core.training": ("coconut_core",),
    "coconut_core.known": ("coconut_core",),
    "analyses.readings": ("coconut_core",),
    "analyses.drawing": ("coconut_core", "analyses.readings.masses"),
    "analyses.figures": ("coconut_core", "analyses.readings", "analyses.drawing"),
    "analyses.exam": ("coconut_core", "analyses.readings", "analyses.drawing"),
    "analyses.report": ("coconut_core", "analyses.readings", "analyses.drawing", "analyses.figures"),
    "analyses.verdict": ("coconut_core", "analyses"),
    "workbench.choices": ("coconut_core", "analyses"),
    "workbench.computed": ("coconut_core", "analyses", "workbench.choices"),
    "workbench.widgets": ("coconut_core", "analyses", "workbench.choices", "workbench.computed"),
    "workbench.pages": ("coconut_core", "analyses", "workbench.choices", "workbench.computed", "workbench.widgets"),
    "workbench.commands": ("coconut_core", "analyses", "workbench.choices.model_places"),
}
# What only these folders may import.
KEPT_TO = {
    "coconut_core.training": ("coconut_core.training", "workbench"),
    "typer": ("workbench.commands",),
    "streamlit": ("workbench.choices", "workbench.computed", "workbench.widgets", "workbench.pages"),
    "plotly": (
        "analyses.drawing",
        "analyses.figures",
        "analyses.exam",
        "analyses.report",
        "analyses.verdict",
        "workbench",
    ),
    "transformer_lens": ("analyses.readings",),
}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Modules that a file imports anywhere, but for type checkers alone; names of packages with the name taken."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            known = {module_of(each) for each in MODULES}
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
    return found


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def rule_of(module: str) -> str:
    """The most special rule of a module."""
    return max((folder for folder in RULES if within(module, folder)), key=len, default="")


@pytest.mark.parametrize("folder", RULES)
def test_a_folder_imports_what_its_rule_allows(folder):
    paths = [path for path in MODULES if rule_of(module_of(path)) == folder]
    assert paths, folder
    for path in paths:
        for name in imports(path):
            if name.split(".")[0] in PACKAGES:
                assert any(within(name, each) for each in (folder, *RULES[folder])), f"{module_of(path)} imports {name}"


@pytest.mark.parametrize("kept", KEPT_TO)
def test_what_is_kept_to_some_folders_is_imported_there_alone(kept):
    for path in MODULES:
        if any(within(name, kept) for name in imports(path)):
            assert any(within(module_of(path), each) for each in KEPT_TO[kept]), f"{module_of(path)} imports {kept}"


def test_a_task_s_folder_is_imported_by_itself_alone():
    tasks = [path.parent for path in (ROOT / "coconut_core" / "problems").glob("*/task.py")]
    assert len(tasks) >= 2
    for task in tasks:
        name = module_of(task)
        for path in [*MODULES, *(ROOT / "benchmarks").glob("*.py"), ROOT / "app.py"]:
            if not path.is_relative_to(task):
                assert not any(within(each, name) for each in imports(path)), f"{path} imports {name}"


def test_no_task_s_name_is_written_outside_its_folder():
    """But in the registry, the published numbers, and names of shipped files."""
    places = ["coconut_core", "analyses", "workbench", "benchmarks", "app.py", ".ci"]
    places += [f":!coconut_core/problems/{task}" for task in ("prosqa", "gsm8k", "prontoqa", "registry.py")]
    places += [":!analyses/figures/published.py"]
    command = ["git", "grep", "-niE", "prosqa|gsm8k|prontoqa", "--", *places]
    lines = subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.splitlines()
    shipped = re.compile(
        r"(artifacts/(models|problems)/|configs/|data make )\w+|_?prosqa_test"
        r"|(prosqa|prontoqa|gsm8k)_(laptop|small|scratch)\w*"
    )
    left = [line for line in lines if re.search("prosqa|gsm8k|prontoqa", shipped.sub("", line.split(":", 2)[2]), re.I)]
    assert not left, "\n".join(left)


def test_imports_run_in_no_circle():
    graph = nx.DiGraph()
    for path in MODULES:
        graph.add_edges_from((module_of(path), name) for name in imports(path) if name.split(".")[0] in PACKAGES)
    circles = [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1]
    assert not circles and len(graph) > FEWEST_EXPECTED


def test_no_module_is_long_and_no_folder_full():
    for path in MODULES:
        lines = len(path.read_text().splitlines())
        assert lines <= LONGEST_MODULE, f"{path.relative_to(ROOT)} has {lines} lines"
    for folder in {path.parent for path in MODULES}:
        names = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(names) <= MOST_MODULES_OF_A_FOLDER, f"{folder.relative_to(ROOT)} has {len(names)} modules"


def run(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def test_pages_open_without_torch():
    """Its import takes seconds, and two sessions that import it at once would see half-made modules."""
    pages = [ROOT / "app.py", *(ROOT / "workbench" / "pages").glob("*.py")]
    kinds = (ast.Import, ast.ImportFrom)
    # Those inside of blocks too: the app imports the sidebar while plotly is on its way to the browser.
    lines = {
        ast.unparse(node) for page in pages for node in ast.walk(ast.parse(page.read_text())) if isinstance(node, kinds)
    }
    assert run("\n".join([*sorted(lines), "import sys; print('torch' in sys.modules)"])) == "False"
    assert len(lines) > 20


def test_the_packages_cost_nothing_until_they_are_used():
    script = (
        "import sys, time; start = time.perf_counter(); import coconut_core, analyses; "
        "own = time.perf_counter() - start; "
        "heavy = {'numpy', 'torch', 'networkx', 'pandas', 'plotly'} & sys.modules.keys(); assert not heavy, heavy; "
        "start = time.perf_counter(); import pandas; print(own / (time.perf_counter() - start))"
    )
    # Measured: a thirtieth.
    assert min(float(run(script)) for _ in range(3)) < 0.2
    names = (
        "from coconut_core import __all__ as core; from analyses import __all__ as own; import analyses, coconut_core; "
    )
    assert (
        run(names + "print(all(getattr(coconut_core, n) for n in core) and all(getattr(analyses, n) for n in own))")
        == "True"
    )
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        import coconut_core

        _ = coconut_core.nonsense


def test_what_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = project["dependencies"] + [each for extra in extras.values() for each in extra]
    names = {re.split(r"[><\[]", each)[0].replace("-", "_") for each in declared}
    imported_as = {"pyyaml": "yaml", "pytest_xdist": "xdist", "pillow": "PIL", "griffelib": "griffe"}
    names = {imported_as.get(name, name) for name in names}
    others = ("tests", "benchmarks", "docs", "examples")
    paths = [ROOT / "app.py", *MODULES, *(path for folder in others for path in (ROOT / folder).rglob("*.py"))]
    used = {name.split(".")[0] for path in paths for name in imports(path)}
    # The last two are the official checkout and a script, which run in an environment of their own.
    own = {*PACKAGES, *others, "app", "coconut", "serve"}
    assert used - names - own - set(sys.stdlib_module_names) == set()
