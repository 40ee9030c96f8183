"""The report as files: what is written, what is made again, and what is said of what cannot be made."""

import base64
import json
import re
import shutil
import sys
from html.parser import HTMLParser

import pandas as pd
import pytest

from analyses.report import export
from analyses.report.overview import write_overview
from analyses.report.report import FIGURES, make_report
from coconut_core.errors import InputError
from coconut_core.problems.registry import save_problems


@pytest.fixture
def data(problems, tmp_path):
    save_problems(tmp_path / "data.json", problems)
    return tmp_path / "data.json"


@pytest.fixture
def no_pictures(monkeypatch):
    monkeypatch.setattr(export, "image_fault", lambda: "PNG and SVG need Chrome.")


def report(checkpoint, data, out, **settings):
    return make_report([checkpoint], data, out, command="coconut figures", progress=False, **settings)


@pytest.fixture(scope="module")
def whole_report(tiny_checkpoint, problems, tmp_path_factory):
    """A folder with twelve problems, one of which is timed, and all their figures; its manifest. Read only."""
    folder = tmp_path_factory.mktemp("whole")
    save_problems(folder / "data.json", problems)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "image_fault", lambda: "PNG and SVG need Chrome.")
        patch.setattr("analyses.figures.wall_clock.TIMED_PROBLEMS", 1)
        manifest = report(tiny_checkpoint, folder / "data.json", folder / "figures")
    return folder, manifest


@pytest.fixture
def whole(whole_report, tmp_path):
    """The problems, the figures and the manifest of a whole report, in a folder of the test's own."""
    folder, manifest = whole_report
    shutil.copytree(folder / "figures", tmp_path / "figures")
    return folder / "data.json", tmp_path / "figures", manifest


def test_every_figure_is_written_and_made_once(tiny_checkpoint, whole, no_pictures):
    data, out, manifest = whole
    made = {name for name, entry in manifest["figures"].items() if "files" in entry}
    assert made == {figure.name for figure in FIGURES} - {"figure_3", "figure_4_numbers", "stopping"}
    assert manifest["figures"]["figure_3"]["left_out"].startswith("--sweep: models with two values of c")
    assert "has no stop classifier" in manifest["figures"]["stopping"]["left_out"]
    for name in made:
        assert len(pd.read_csv(out / f"{name}.csv"))
        assert "plotly.min.js" in (out / f"{name}.html").read_text()
    written = json.loads((out / "manifest.json").read_text())
    assert written == manifest and written["made_from"]["data"]["problems"] == 12
    page = (out / "index.html").read_text()
    assert all(f'id="{figure.name}"' in page for figure in FIGURES)
    assert "http://" not in page.split("</script>", 1)[1] and "Left out: --sweep" in page
    ids = re.findall(r'id="([^"]+)"', page.split("</script>", 1)[1])
    assert len(ids) == len(set(ids)), "a figure would be drawn in the wrong place"
    times = {path.name: path.stat().st_mtime_ns for path in out.glob("*.csv")}
    report(tiny_checkpoint, data, out)
    assert {path.name: path.stat().st_mtime_ns for path in out.glob("*.csv")} == times
    (out / "figure_8.csv").unlink()
    report(tiny_checkpoint, data, out)
    again = {path.name for path in out.glob("*.csv") if path.stat().st_mtime_ns != times.get(path.name)}
    assert again == {"figure_8.csv"}


def test_reports_of_several_tasks_have_one_page_over_them(whole, tmp_path):
    _, out, manifest = whole
    folder = tmp_path / "reports"
    shutil.copytree(out, folder / "mine")
    (folder / "notes").mkdir()
    for text in ("[]", "{}", "torn"):
        (folder / "notes" / "manifest.json").write_text(text)
        page = write_overview(folder).read_text()
    links = re.findall(r'href="(mine/index\.html[^"]*)"', page)
    assert links[0] == "mine/index.html" and "ProsQA" in page and "notes" not in page
    made = [name for name, entry in manifest["figures"].items() if "files" in entry]
    assert links[1:] == [f"mine/index.html#{name}" for name in made]
    first = pd.read_csv(out / "table_1.csv").iloc[0]
    assert f"{first['accuracy']:.1%} (" in page and f"{first['paper_accuracy']:.1%}" in page and "3 left out" in page
    shutil.rmtree(folder / "mine")
    with pytest.raises(InputError, match="no folder below it holds a report; make one"):
        write_overview(folder)


def test_a_changed_module_makes_its_own_figures_new(tiny_checkpoint, data, tmp_path, no_pictures, monkeypatch):
    out, names = tmp_path / "figures", ["table_2", "figure_8", "figure_9"]
    report(tiny_checkpoint, data, out, only=names)
    before = {name: (out / f"{name}.csv").stat().st_mtime_ns for name in names}
    from analyses.report import code_hash

    edited = tmp_path / "height.py"
    edited.write_text("from analyses.readings.study import Study")
    monkeypatch.setattr(
        code_hash, "_source", lambda name, found=code_hash._source: edited if "height" in name else found(name)
    )
    code_hash._imports.cache_clear()
    report(tiny_checkpoint, data, out, only=["table_2"])
    assert (out / "index.html").read_text().count("by other code") == 1
    report(tiny_checkpoint, data, out, only=names)
    assert "by other code" not in (out / "index.html").read_text()
    code_hash._imports.cache_clear()
    changed = {name for name in names if (out / f"{name}.csv").stat().st_mtime_ns != before[name]}
    assert changed == {"figure_9"}


def test_models_that_change_places_make_everything_new(tiny_checkpoint, data, tmp_path, no_pictures):
    out, twin = tmp_path / "figures", tmp_path / "twin"
    shutil.copytree(tiny_checkpoint, twin)
    told = {"command": "coconut figures", "progress": False, "only": ["figure_8"]}
    make_report([tiny_checkpoint, twin], data, out, **told)
    first = (out / "figure_8.csv").stat().st_mtime_ns
    make_report([twin, tiny_checkpoint], data, out, **told)
    second = (out / "figure_8.csv").stat().st_mtime_ns
    assert second != first
    card = json.loads((twin / "coconut.json").read_text())
    (twin / "coconut.json").write_text(json.dumps(card | {"command": "another"}))
    make_report([twin, tiny_checkpoint], data, out, **told)
    assert (out / "figure_8.csv").stat().st_mtime_ns != second
    with pytest.raises(InputError, match="two models of a study have this name"):
        make_report([tiny_checkpoint, tiny_checkpoint], data, out, **told)


def test_what_a_module_is_computed_with_is_hashed_to_the_bottom():
    from analyses.report.code_hash import modules_behind

    found = set(modules_behind("analyses.figures.calibration", "coconut_core.checkpoints"))
    assert {
        "analyses.readings.values",
        "analyses.drawing.chart",
        "coconut_core.model",
        "coconut_core.speedups.last_layer",
    } < found
    assert not {"analyses.figures.height", "analyses.report.report", "coconut_core.training.loop"} & found


def test_a_module_taken_from_its_package_is_the_module():
    from analyses.report.code_hash import modules_behind

    found = modules_behind("analyses.report.result_files")  # has `from analyses.report import export`
    assert "analyses.report.export" in found and "analyses.report" not in found


@pytest.mark.parametrize("listed", ['{"Model": "lazily.model"}', '{".model": ["Model"]}', '{"model": ["Model"]}'])
def test_what_a_package_imports_lazily_is_followed(tmp_path, monkeypatch, listed):
    from analyses.report import code_hash

    sources = {
        "__init__": f"from importlib import import_module\nLAZY = {listed}\ndef __getattr__(name): ...",
        "model": "def build():\n    from . import layers\n    from .sizes import WIDTH",
        "layers": "",
        "sizes": "WIDTH = 1",
        "unrelated": "",
        "user": "from lazily import Model",
        "other_user": "import lazily.layers",
    }
    (tmp_path / "lazily").mkdir()
    for name, source in sources.items():
        (tmp_path / "lazily" / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(code_hash, "PACKAGES", ("lazily",))
    code_hash._imports.cache_clear()
    try:
        found = code_hash.modules_behind("lazily.user")
        assert found == ["lazily", "lazily.layers", "lazily.model", "lazily.sizes", "lazily.user"]
        assert code_hash.modules_behind("lazily.other_user") == ["lazily.layers", "lazily.other_user"]
        before = code_hash.code_hash("lazily.user")
        (tmp_path / "lazily" / "sizes.py").write_text("WIDTH = 2")
        assert code_hash.code_hash("lazily.user") != before
        assert not [name for name in sys.modules if name.startswith("lazily")], "hashing ran what it hashed"
    finally:
        code_hash._imports.cache_clear()


def test_figures_can_be_computed_again_from_their_rows(tiny_checkpoint, whole, no_pictures):
    """Without our code: the numbers of figures 5, 8 and 9 from the two tables of rows."""
    data, out, _ = whole
    values, answers = (pd.read_csv(out / f"{name}.csv.gz") for name in ("values", "answers"))
    model = values["subject"].iloc[0]
    own = values[(values["subject"] == model) & (values["k"] == 1) & values["candidate"]]
    figure_8 = pd.read_csv(out / "figure_8.csv").set_index(["subject", "k", "quantity"])
    best, mass = own.groupby("problem")["value"].max(), own.groupby("problem")["value"].sum()
    assert figure_8.loc[(model, 1, "top 1"), "mean"] == pytest.approx(best.mean(), rel=1e-4)
    assert figure_8.loc[(model, 1, "off the candidates"), "mean"] == pytest.approx(1 - mass.mean(), rel=1e-4)
    right, wrong = (own[own["reaches_target"] == kind] for kind in (True, False))
    table = pd.read_csv(out / "figure_9.csv")
    table = table[(table["subject"] == model) & (table["k"] == 1) & (table["definition"] == "shortest")]
    whole = table.set_index("height").loc["all"]
    assert (whole["n_correct"], whole["n_incorrect"]) == (len(right), len(wrong))
    pairs = [(a > b) + (a == b) / 2 for a in right["value"] for b in wrong["value"]]
    assert whole["auc"] == pytest.approx(sum(pairs) / len(pairs), abs=1e-3)
    fewer = [(a < b) + (a == b) / 2 for a in right["in_degree"] for b in wrong["in_degree"]]
    assert whole["in_degree_auc"] == pytest.approx(sum(fewer) / len(fewer))
    figure_5 = pd.read_csv(out / "figure_5.csv").set_index(["subject", "k", "process"])
    told = answers[(answers["subject"] == model) & (answers["k"] == 2)]
    assert (told["correct"] == (told["words"].fillna("").str.split("###").str[-1].str.strip() == told["answer"])).all()
    for process, count in told["process"].value_counts().items():
        assert figure_5.loc[(model, 2, process), "count"] == count
    again = (out / "values.csv.gz").stat().st_mtime_ns
    report(tiny_checkpoint, data, out)
    assert (out / "values.csv.gz").stat().st_mtime_ns == again
    assert "values.csv.gz" in (out / "index.html").read_text()


def test_other_problems_make_it_new_and_a_broken_manifest_too(tiny_checkpoint, data, tmp_path, no_pictures):
    out = tmp_path / "figures"
    report(tiny_checkpoint, data, out, only=["figure_8", "table_2"])
    first = (out / "figure_8.csv").stat().st_mtime_ns
    report(tiny_checkpoint, data, out, only=["figure_8"], first=5)
    assert (out / "figure_8.csv").stat().st_mtime_ns != first
    assert pd.read_csv(out / "figure_8.csv")["n"].max() == 5
    (out / "manifest.json").write_text("{")
    manifest = report(tiny_checkpoint, data, out, only=["table_2"])
    assert list(manifest["figures"]) == ["table_2"]


def test_a_clone_has_pictures_and_no_pages(tiny_checkpoint, data, tmp_path, no_pictures):
    out = tmp_path / "figures"
    report(tiny_checkpoint, data, out, only=["figure_8", "table_2", "commitment"])
    for name in ("figure_8", "table_2"):
        (out / f"{name}.html").unlink()
    (out / "figure_8.png").write_bytes(b"a picture")
    report(tiny_checkpoint, data, out, only=["commitment"], first=5)
    page = (out / "index.html").read_text()
    assert f"data:image/png;base64,{base64.b64encode(b'a picture').decode()}" in page
    assert "<code>--only table_2</code> makes it" in page
    assert page.count("(Made earlier, of ") == 2, "of the figures that were not made again"


def test_texts_of_a_manifest_are_shown_as_they_are_written(tiny_checkpoint, data, tmp_path, no_pictures):
    """Whatever a command or a caption holds is text on the page, and never a tag of it."""
    out = tmp_path / "figures"
    names = ["figure_8", "figure_3", "table_2"]
    report(tiny_checkpoint, data, out, only=names)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["figures"]["figure_8"]["caption"] = "p < 0.05 & <b>'bold' \"quoted\"</b>"
    manifest["figures"]["figure_3"]["left_out"] = "no <i>model</i>"
    (out / "manifest.json").write_text(json.dumps(manifest))
    (out / "figure_8.html").unlink()
    (out / "figure_8.png").write_bytes(b"a picture")
    make_report([tiny_checkpoint], data, out, command="coconut 'a <u> & b'", progress=False, only=["table_2"])

    class Page(HTMLParser):
        tags, alts, text = set(), [], ""

        def handle_starttag(self, tag, attributes):
            self.tags.add(tag)
            self.alts += [value for name, value in attributes if name == "alt"]

        def handle_data(self, data):
            self.text += data

    page = Page()
    page.feed((out / "index.html").read_text().split("</script>", 1)[1])
    caption = manifest["figures"]["figure_8"]["caption"]
    assert not {"b", "i", "u"} & page.tags and page.alts == [caption]
    assert all(text in page.text for text in (caption, "Left out: no <i>model</i>", "coconut 'a <u> & b'"))


def test_an_interrupted_report_goes_on(tiny_checkpoint, data, tmp_path, no_pictures, monkeypatch):
    out, names = tmp_path / "figures", ["table_2", "figure_8", "figure_9"]

    def stop(study):
        raise KeyboardInterrupt

    from analyses.report import report as module

    whole = module.FIGURES
    broken = [f if f.name != "figure_8" else module.Figure(f.name, f.title, stop) for f in whole]
    monkeypatch.setattr(module, "FIGURES", broken)
    with pytest.raises(KeyboardInterrupt):
        report(tiny_checkpoint, data, out, only=names)
    assert (out / "table_2.csv").exists() and not (out / "index.html").exists()
    before = (out / "table_2.csv").stat().st_mtime_ns
    monkeypatch.setattr(module, "FIGURES", whole)
    manifest = report(tiny_checkpoint, data, out, only=names)
    assert set(manifest["figures"]) == set(names) and (out / "table_2.csv").stat().st_mtime_ns == before


def test_pictures_are_drawn_where_they_can_be(tiny_checkpoint, data, tmp_path):
    if export.image_fault():
        pytest.skip(export.image_fault())
    drawn = ["figure_7_k1", "figure_6"]
    manifest = report(tiny_checkpoint, data, tmp_path / "figures", only=drawn)
    for figure in drawn:
        files = manifest["figures"][figure]["files"]
        assert [name.rpartition(".")[2] for name in files] == ["csv", "html", "png", "svg"]


def test_bad_input_is_named(tiny_checkpoint, data, tmp_path):
    with pytest.raises(InputError, match="--only: 'figure_99' is not a figure"):
        report(tiny_checkpoint, data, tmp_path, only=["figure_99"])
    with pytest.raises(InputError, match="no such folder"):
        report(tmp_path / "absent", data, tmp_path)
