"""The search tree in a real Chromium: what a person sees, does and takes away."""

import io
import json
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import pytest

from coconut_core.problems.registry import DEFAULT, TASKS
from tests.browser.conftest import link, tree, visit, wait_for_k
from workbench.choices.problem_sources import index_of_good_example

pytestmark = pytest.mark.browser
EXAMPLE = TASKS[DEFAULT].example


def test_moving_k_moves_no_mark(page, server):
    visit(page, server, k=1)
    places = """() => [...document.querySelector('.js-plotly-plot').querySelectorAll('.textpoint text')]
      .filter(e => e.textContent && !e.textContent.startsWith('.'))
      .map(e => [e.textContent, e.getAttribute('x'), e.getAttribute('y')])"""
    before = page.evaluate(places)
    page.locator("[data-testid=stSlider] input").focus()
    page.keyboard.press("ArrowRight")
    wait_for_k(page, 2)
    assert page.evaluate(places) == before


def test_a_link_brings_the_view_back(page, server):
    visit(page, server)
    page.locator("[data-testid=stSlider] input").focus()
    page.keyboard.press("End")
    wait_for_k(page, 6)
    page.get_by_text("Correct path", exact=True).click()
    page.wait_for_function("() => location.search.includes('path')")
    page.wait_for_timeout(500)
    assert link(page) == {"k": "6", "path": "true"}
    seen = tree(page)
    assert any(trace.get("name") == "path" for trace in seen["data"])
    visit(page, server, **link(page))
    wait_for_k(page, 6)
    assert tree(page)["data"] == seen["data"]


def test_a_random_and_a_pasted_problem_come_back_by_link(page, server):
    visit(page, server, source="random", seed=5)
    seen = tree(page)["layout"]["title"]["text"]
    visit(page, server, **link(page))
    assert tree(page)["layout"]["title"]["text"] == seen
    page.get_by_text("pasted text").click()
    page.locator("textarea").fill(EXAMPLE)
    page.locator("textarea").press("Control+Enter")
    page.wait_for_function("() => document.body.innerText.includes('lempus or scrompus')")
    page.wait_for_function("() => location.search.includes('scrompus')")
    assert link(page)["text"] == EXAMPLE
    visit(page, server, **link(page))
    assert "lempus or scrompus" in tree(page)["layout"]["title"]["text"]


def test_markup_in_names_does_nothing(page, server):
    evil = "<img/src=x:onerror=alert(1)>"
    text = f"Tom is a {evil}. Every **b** is a :red[c]. Is Tom a {evil} or :red[c]?"
    page.goto(f"{server}/?{urlencode({'source': 'pasted text', 'text': text})}")
    page.wait_for_selector("[data-testid=stAlert]")
    message = page.locator("[data-testid=stAlert]").inner_text()
    assert evil in message  # as text: the tiny model does not know the word
    assert page.locator("[data-testid=stAlert] img").count() == 0


def test_files_can_be_downloaded(page, server, problems):
    visit(page, server, k=2)
    for label, suffix, begin in (
        ("Values as CSV", ".csv", b"model,problem"),
        ("Picture as HTML", ".html", b"<!doctype html>"),
        ("Picture as PNG", ".png", b"\x89PNG"),
        ("Picture as SVG", ".svg", b"<svg"),
    ):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label).click()
        download = waiting.value
        name = download.suggested_filename
        assert name.startswith(f"tiny-small-{index_of_good_example(problems[:3])}") and name.endswith(suffix)
        assert Path(download.path()).read_bytes().startswith(begin)


def test_an_uploaded_file_is_drawn_linked_and_a_torn_one_is_refused(page, server, problems, chromium, tmp_path):
    visit(page, server, k=3)
    page.get_by_text("Upload problems").click()
    (tmp_path / "torn.json").write_text('[{"question": "Ev')
    page.locator("input[type=file]").set_input_files(tmp_path / "torn.json")
    page.wait_for_function("() => document.body.innerText.includes('not a whole JSON file')")
    (tmp_path / "one.json").write_text(json.dumps(problems[2].to_json()))
    page.locator("input[type=file]").set_input_files(tmp_path / "one.json")
    asked = f"Is {problems[2].root_name}"
    page.wait_for_function("asked => document.querySelector('.gtitle')?.textContent.startsWith(asked)", arg=asked)
    page.wait_for_function("() => location.search.includes('one.json')")
    elsewhere = chromium.new_page()
    elsewhere.goto(page.url)
    elsewhere.wait_for_function("asked => document.querySelector('.gtitle')?.textContent.startsWith(asked)", arg=asked)
    assert link(page)["k"] == "3" and link(page)["set"].startswith("uploaded here: one.json (")
    elsewhere.close()


def test_play_moves_k_by_itself(page, server):
    visit(page, server, k=1)
    page.get_by_text("Play", exact=True).click()
    for k in (3, 4, 5):
        wait_for_k(page, k)
    page.get_by_text("Play", exact=True).click()
    page.wait_for_timeout(1500)
    stood = tree(page)["layout"]["title"]["text"]
    page.wait_for_timeout(2500)
    assert tree(page)["layout"]["title"]["text"] == stood


def test_a_clicked_node_shows_its_path(page, server, problems):
    visit(page, server, k=1)
    first = problems[index_of_good_example(problems[:3])]
    # The seats are the trace "nodes"; its second point is a child of the root, somewhere on the page.
    place = page.evaluate(
        """() => { const figure = document.querySelector('.js-plotly-plot');
          const at = figure.data.findIndex(trace => trace.name == 'nodes'), trace = figure.data[at];
          const layout = figure._fullLayout, corner = figure.getBoundingClientRect();
          return [corner.left + layout._size.l + layout.xaxis.l2p(trace.x[1]),
            corner.top + layout._size.t + layout.yaxis.l2p(trace.y[1]), trace.customdata[1][0]]; }"""
    )
    page.mouse.move(place[0], place[1])
    page.wait_for_timeout(300)
    page.mouse.click(place[0], place[1])
    name = first.names[place[2]]
    page.wait_for_function("name => document.body.innerText.includes(`${name}: `)", arg=name)
    assert f"{first.root_name} → " in page.locator("body").inner_text()


def test_a_table_and_a_zip_read_back(page, server, problems):
    visit(page, server, k=2)
    files = {}
    for label in ("Values as CSV", "Everything as zip"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label).click()
        files[label] = Path(waiting.value.path())
    table = pd.read_csv(files["Values as CSV"])
    first = problems[index_of_good_example(problems[:3])]
    assert len(table) == 8 * len(first.names) and set(table["name"]) == set(first.names)
    assert table["value"].between(0, 1).all()
    with zipfile.ZipFile(files["Everything as zip"]) as archive:
        again = pd.read_csv(io.BytesIO(archive.read("values.csv")))
        problem = json.loads(archive.read("problem.json"))
        assert json.loads(archive.read("manifest.json"))["files"] == sorted(set(archive.namelist()) - {"manifest.json"})
        assert archive.read("tree-k6.png").startswith(b"\x89PNG")
    pd.testing.assert_frame_equal(table, again)
    assert problem["question"] == first.question
