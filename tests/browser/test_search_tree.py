"""The search tree in a real Chromium: what a person sees, does and takes away."""

import io
import json
import re
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import pytest

from coconut_core.problems.registry import DEFAULT, TASKS
from tests.browser.conftest import asked, focus_k, link, visit, wait_for_k, wait_for_link
from workbench.choices.problem_sources import index_of_good_example

pytestmark = pytest.mark.browser
EXAMPLE = TASKS[DEFAULT].example


def test_moving_k_moves_no_mark_and_asks_no_server(page, server):
    visit(page, server, k=1)
    places = """root => [root.querySelector('.plot svg').getBoundingClientRect().top,
      ...[...root.querySelectorAll('.nodes circle, .names text')].map(e => e.getBoundingClientRect().x)]"""
    values = "root => [...root.querySelectorAll('.values circle')].map(e => e.style.r)"
    trees = page.locator(".trees")
    before, discs = trees.evaluate(places), trees.evaluate(values)
    page.context.set_offline(True)
    try:
        focus_k(page)
        page.keyboard.press("ArrowRight")
        wait_for_k(page, 2)
        after = trees.evaluate(places)
        assert trees.evaluate(values) != discs and len(after) == len(before) > 8
        # Words in bold are wider; the nodes stay.
        assert after[: 1 + len(discs)] == before[: 1 + len(discs)]
    finally:
        page.context.set_offline(False)


def test_the_tree_stands_still_whatever_the_model_says(page, server):
    visit(page, server, k=1)
    heads = ".head > div"
    # Answers of another length each: their room is that of the longest.
    page.locator(".trees").evaluate(
        "root => root.querySelectorAll('.head > div').forEach((e, k) => e.firstChild.append(' word'.repeat(40 * k)))"
    )
    places = set()
    focus_k(page)
    for k in (2, 3, 4):
        page.keyboard.press("ArrowRight")
        wait_for_k(page, k)
        places.add(page.locator(".plots").evaluate("e => e.getBoundingClientRect().top"))
        assert page.locator(f"{heads}.now").count() == 1
    assert len(places) == 1


def test_back_leads_to_the_page_before_with_its_k(page, server):
    visit(page, server, k=5)
    focus_k(page)
    page.keyboard.press("ArrowLeft")
    wait_for_link(page, k=4)
    page.get_by_role("link", name="What if").click()
    page.wait_for_url("**/what_if*")
    page.wait_for_function("() => !document.querySelector('h4')")
    wait_for_k(page, 4)
    wait_for_link(page, k=4)
    page.go_back()
    page.wait_for_selector("h4")
    wait_for_k(page, 4)
    assert page.url.endswith("/?k=4")


def marks(page) -> list[str]:
    """What is drawn in the first tree, wherever the width of the window puts it: its words, and every kind of mark."""
    drawn = page.locator(".plot svg").first
    kinds = drawn.evaluate("svg => [...svg.querySelectorAll('g *')].map(mark => mark.tagName + mark.textContent)")
    return [drawn.get_attribute("aria-label"), *kinds]


def test_a_link_brings_the_view_back(page, server):
    visit(page, server)
    focus_k(page)
    page.keyboard.press("End")
    wait_for_k(page, 6)
    wait_for_link(page, k=6)
    page.locator("[data-testid=stPopoverButton]", has_text="Display").click()
    page.get_by_text("Correct path", exact=True).click()
    wait_for_link(page, path="true")
    page.wait_for_selector(".trees g.path path", state="attached")
    assert link(page) == {"k": "6", "path": "true"}
    seen = marks(page)
    visit(page, server, **link(page))
    wait_for_k(page, 6)
    page.wait_for_selector(".trees g.path path", state="attached")
    assert marks(page) == seen


def test_a_random_and_a_pasted_problem_come_back_by_link(page, server):
    visit(page, server, source="random", seed=5)
    seen = asked(page)
    visit(page, server, **link(page))
    assert asked(page) == seen
    page.locator("[data-testid=stPopoverButton]", has_text="Problems").click()
    page.get_by_text("pasted text").click()
    page.locator("textarea").fill(EXAMPLE)
    page.locator("textarea").press("Control+Enter")
    page.wait_for_function("() => document.querySelector('h4')?.innerText.includes('lempus or scrompus')")
    page.wait_for_function("() => location.search.includes('scrompus')")
    assert link(page)["text"] == EXAMPLE
    visit(page, server, **link(page))
    assert "lempus or scrompus" in asked(page)


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
    page.locator("[data-testid=stPopoverButton]", has_text="Problems").click()
    (tmp_path / "torn.json").write_text('[{"question": "Ev')
    page.locator("input[type=file]").set_input_files(tmp_path / "torn.json")
    page.wait_for_function("() => document.body.innerText.includes('not a whole JSON file')")
    (tmp_path / "one.json").write_text(json.dumps(problems[2].to_json()))
    page.locator("input[type=file]").set_input_files(tmp_path / "one.json")
    asked = f"Is {problems[2].root_name}"
    page.wait_for_function("asked => document.querySelector('h4')?.innerText.startsWith(asked)", arg=asked)
    page.wait_for_function("() => location.search.includes('one.json')")
    elsewhere = chromium.new_page()
    elsewhere.goto(page.url)
    elsewhere.wait_for_function("asked => document.querySelector('h4')?.innerText.startsWith(asked)", arg=asked)
    assert link(page)["k"] == "3" and link(page)["set"].startswith("uploaded here: one.json (")
    elsewhere.close()


def test_play_moves_k_by_itself(page, server):
    visit(page, server, k=1)
    page.get_by_label("Speed").select_option("4")
    page.locator(".trees .play").click()
    for k in (3, 5, 0):
        wait_for_k(page, k)
    page.locator(".trees .play").click()
    stood = page.locator(".trees button[aria-checked=true]").inner_text()
    page.wait_for_timeout(1500)
    assert page.locator(".trees button[aria-checked=true]").inner_text() == stood
    wait_for_link(page, k=stood) if stood != "1" else None


def test_a_clicked_node_shows_its_path(page, server, problems):
    visit(page, server, k=1)
    first = problems[index_of_good_example(problems[:3])]
    node = page.locator(".nodes circle").nth(1)
    name = first.names[int(node.get_attribute("data-node"))]
    node.click()
    page.wait_for_function("name => document.body.innerText.includes(`${name}: `)", arg=name)
    assert f"{first.root_name} → " in page.locator("body").inner_text()
    page.wait_for_selector(".trees .path-to-a-node path", state="attached")
    # By keyboard too: the arrow keys go from node to node.
    page.keyboard.press("Tab")
    page.locator(".nodes circle[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".trees .tip").is_visible()


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


def test_the_tour_is_offered_once_and_comes_back_when_asked(chromium, server):
    page = chromium.new_page()
    page.goto(f"{server}/?k=1")
    page.evaluate("() => localStorage.clear()")
    page.reload()
    page.get_by_role("button", name="Take the tour").click()
    seen = []
    while page.locator(".tour button", has_text="Done").count() == 0:
        seen.append(page.locator(".tour .note b").inner_text())
        page.locator(".tour .note button").filter(has_text=re.compile("^(Next|Chapter 2)")).click()
    assert seen[0] == "Reading, 1 of 5" and len(seen) == 8
    page.locator(".tour button", has_text="Done").click()
    assert page.locator(".tour .note").count() == 0
    page.reload()
    page.wait_for_selector(".trees .values circle", state="attached")
    page.wait_for_timeout(1000)
    assert page.locator(".tour .note").count() == 0
    page.get_by_role("button", name="Tour", exact=True).click()
    assert page.locator(".tour .note").is_visible()
    page.close()
