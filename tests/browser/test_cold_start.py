"""The first visitors of a server that has just been started, ten at once."""

import ast
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.browser.conftest import serve
from tests.conftest import APP
from tests.sessions import visit_at_once
from workbench.widgets import plotly_ahead as ahead

PAGES = APP.parent / "workbench" / "pages"
KINDS = (ast.Import, ast.ImportFrom)


@pytest.mark.slow
def test_ten_first_visitors_at_once_see_whole_pages(artifacts):
    names = sorted(path.stem for path in PAGES.glob("[a-z]*.py"))
    names[names.index("search_tree")] = ""  # as in its address
    for pages in ([""] * 10, [*names, *names[:3]], ["", *reversed(names), *[""] * 2]):
        with serve(artifacts) as (address, _):
            visits = visit_at_once(address, pages)
        assert [(page, visit.faults) for page, visit in zip(pages, visits, strict=True) if visit.faults] == []
        assert all(visit.elements > 5 for visit in visits), visits


def test_sessions_import_and_draw_first_one_after_another(monkeypatch):
    inside, most = [], []

    def turn(*_, **__):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()

    class Slot:
        plotly_chart, empty = turn, staticmethod(lambda: None)

    monkeypatch.setattr(ahead.st, "empty", Slot)
    monkeypatch.setattr(ahead, "is_cold", lambda: True)
    monkeypatch.setattr(ahead, "import_pages", turn)

    def session():
        with ahead.plotly_ahead():
            opened.append(1)

    opened = []
    sessions = [threading.Thread(target=session) for _ in range(10)]
    for each in sessions:
        each.start()
    for each in sessions:
        each.join()
    assert len(opened) == 10 and len(most) == 20 and max(most) == 1


def test_pages_import_nothing_that_is_not_there_when_they_open():
    def imports(path: Path, nodes) -> list[str]:
        return [ast.unparse(node) for node in nodes(ast.parse(path.read_text())) if isinstance(node, KINDS)]

    first = imports(APP, lambda tree: tree.body)  # before the pages' turn: Streamlit and small modules of this project
    later = {line for path in [APP, *PAGES.glob("*.py")] for line in imports(path, ast.walk)}
    script = [
        *first,
        "import sys; from workbench.computed.warm_up import import_pages; st.plotly_chart; import_pages()",
        "there = set(sys.modules)",
        *sorted(later),
        "print(sorted(set(sys.modules) - there))",
    ]
    said = subprocess.run([sys.executable, "-c", "\n".join(script)], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]" and len(later) > 20
