"""Shared by the tests of the app: its shelves, its start, and what a page holds."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from coconut_core.problems.registry import save_problems
from tests.conftest import APP
from workbench.choices.number_of_thoughts import FIRST_K


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, tiny_checkpoint, problems):
    """An artifacts folder: one usable model, three broken ones, two files of problems."""
    folder = tmp_path_factory.mktemp("artifacts")
    models = folder / "models"
    shutil.copytree(tiny_checkpoint, models / "tiny")
    (models / "empty").mkdir()
    shutil.copytree(tiny_checkpoint, models / "truncated")
    weights = (models / "truncated" / "model.safetensors").read_bytes()
    (models / "truncated" / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    shutil.copytree(tiny_checkpoint, models / "foreign")
    (models / "foreign" / "coconut.json").write_text('["not a card"]')
    save_problems(folder / "problems" / "world" / "small.json", problems[:3])
    (folder / "problems" / "world" / "small_provenance.json").write_text('{"seed": 7}')
    (folder / "problems" / "torn.json").write_text('[{"question": "Ev')
    return folder


@pytest.fixture
def app(shelf, monkeypatch):
    """Start the app with a link, given as keyword arguments."""
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(shelf))

    def start(**link):
        test = AppTest.from_file(APP, default_timeout=60)
        link = {"set": "world/small"} | link
        for key, value in link.items():
            test.query_params[key] = value
        return test.run()

    return start


@pytest.fixture(scope="module")
def page_shelf(tmp_path_factory, tiny_checkpoint, problems):
    """What the pages find: two usable models, a broken one, one file of problems, the marks of the exam."""
    folder = tmp_path_factory.mktemp("artifacts")
    shutil.copytree(APP.parent / "artifacts" / "exam", folder / "exam")
    for name in ("tiny", "other"):
        shutil.copytree(tiny_checkpoint, folder / "models" / name)
    card = folder / "models" / "other" / "coconut.json"
    content = json.loads(card.read_text())
    content["run"]["seed"] = 5
    card.write_text(json.dumps(content))
    (folder / "models" / "torn").mkdir()
    save_problems(folder / "problems" / "small.json", problems)
    return folder


@pytest.fixture
def open_page(page_shelf, monkeypatch):
    """Opens a page of the app, by name, with values of its link."""
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(page_shelf))

    def start(name, **link):
        test = AppTest.from_file(APP, default_timeout=90)
        for key, value in link.items():
            test.query_params[key] = value
        test.run()
        return test.switch_page(f"workbench/pages/{name}.py").run()

    return start


def figure(test, index=0):
    """A drawn figure, as plotly holds it."""
    return json.loads(test.get("plotly_chart")[index].proto.spec)


def trees(test):
    """What the page hands to the browser to draw its trees from."""
    drawn = [part.proto for part in test.get("bidi_component") if part.proto.component_name == "search_trees"]
    return json.loads(drawn[0].json)


def drawn_tree(test, index=0):
    """One of the trees at the k that the page shows: its traces, and its masses in words."""
    view = trees(test)
    content = view["trees"][index]
    frame = content["frames"][view["ks"].index(view["k"])]
    return {"data": content["fixed"] + frame["traces"], "title": frame["title"], "scale": content["scale"]}


def tree(test, index=0):
    """The traces of a search tree by name, without those of its legend."""
    return {trace["name"]: trace for trace in drawn_tree(test, index)["data"] if not trace.get("showlegend")}


def move(test, k):
    """Move k, as the browser does, which puts it into the link as well."""
    test.session_state["k"] = k
    if k == FIRST_K:
        test.query_params.pop("k", None)
    else:
        test.query_params["k"] = str(k)
    return test.run()


def asked(test):
    """The question above the tree."""
    return next(text.value for text in test.markdown if text.value.startswith("####"))


def values(test):
    """Values of all nodes, in the layout's order."""
    return tree(test)["values"]["marker"]["color"]


def drawn_values(test, index=0):
    """Values by node, as drawn in one of the trees."""
    drawn = tree(test, index)
    nodes = [node for node, *_ in drawn["nodes"]["customdata"]]
    return dict(zip(nodes, drawn["values"]["marker"]["color"], strict=True))


def shown(test) -> str:
    """All messages on the page."""
    return " ".join(element.value for kind in ("error", "info", "warning", "caption") for element in test.get(kind))


def upload(test, content):
    """Put a file into the page's uploader."""
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    test.get("file_uploader")[0].set_value(("mine.json", content, "application/json")).run()
    return not test.error


def run_script(test) -> dict:
    """What the page's script for Python computes, by name."""
    (script, *_) = [code.value for code in test.code if code.language == "python"]
    computed: dict = {}
    exec(script, computed)
    return computed
