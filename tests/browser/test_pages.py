"""The other pages in a real Chromium."""

import json
import zipfile
from urllib.parse import urlencode

import pytest

from tests.browser.conftest import visit, wait_for_link

pytestmark = pytest.mark.browser
PAGES = ("", "what_if", "population", "thoughts", "verdict", "compare_runs", "problems", "models")
# What has the focus and whether that can be seen: some style of it, or of what it stands in, is another one without.
FOCUS = """async () => { const outer = document.activeElement, e = outer.shadowRoot?.activeElement ?? outer, chain = [];
  if (e === document.body || e.dataset.testid === 'stMain') return ['the page itself', false];
  for (let n = e; n && n !== document.body && chain.length < 5; n = n.parentElement) chain.push(n);
  const look = () => JSON.stringify(chain.map(n => { const s = getComputedStyle(n); return [s.outlineStyle,
    s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.color, s.textDecoration]; }));
  const wait = ms => new Promise(r => setTimeout(r, ms));
  await wait(150); const focused = look(); e.blur(); await wait(150); const plain = look();
  e.focus({focusVisible: true});
  return [e.getAttribute('aria-label') || e.innerText || e.getAttribute('role') || e.tagName, focused !== plain]; }"""


def test_an_edited_fact_shows_before_and_after(page, chromium, server):
    page.goto(f"{server}/what_if?k=3")
    page.wait_for_selector(".trees .values circle", state="attached")
    assert "No edits yet" in page.locator("body").inner_text()
    # A click on an edge leaves out its fact; not one of the root's, without which nothing need be within reach.
    page.locator(".trees .hit").last.click(force=True)
    page.wait_for_selector("button:has-text('without')")
    page.wait_for_selector(".trees .tab >> text=Difference")
    wait_for_link(page, k=3)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("button", name="Trees, values and texts as zip").click()
    with zipfile.ZipFile(waiting.value.path()) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        before, after = (json.loads(archive.read(f"{when}.json"))["question"] for when in ("before", "after"))
    assert manifest["k"] == 3 and before != after and "after.csv" in manifest["files"]
    page.keyboard.press("Escape")
    # The three views are one tree that the browser has.
    for name in ("Before", "After", "Difference"):
        page.locator(".trees .tab", has_text=name).first.click()
        page.wait_for_selector(f".trees .tab[aria-pressed=true] >> text={name}")
        page.wait_for_selector(".trees .values circle", state="attached")
    page.get_by_role("button", name="Undo").first.click()
    page.wait_for_function("() => document.body.innerText.includes('No edits yet')")
    page.get_by_role("button", name="Redo").click()
    page.wait_for_selector("button:has-text('without')")
    other = chromium.new_page()
    other.goto(page.url)
    other.wait_for_selector("button:has-text('without')", timeout=60_000)
    other.close()


def test_a_mark_of_a_figure_leads_to_its_problem(page, server):
    page.goto(f"{server}/population?{urlencode({'figure': 'Figure 8: parallelism'})}")
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot').length == 2", timeout=60_000)
    wait = "() => !document.querySelector('[data-testid=stStatusWidget], [data-testid=stProgress]')"
    page.wait_for_function(wait)
    page.wait_for_timeout(500)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Figures computed so far").click()
    with zipfile.ZipFile(waiting.value.path()) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["numbers"] == [0, 1, 2] and manifest["filter"]["hops"]
        assert {"figure_8.csv", "figure_8.png", "problems.csv"} <= set(manifest["files"])
    # The greatest value of a best candidate after no thought, on the first panel.
    place = page.evaluate(
        """() => { const figure = document.querySelector('.js-plotly-plot'), trace = figure.data.findIndex(
            each => each.name == 'top 1' && each.customdata);
          figure.scrollIntoView({block: 'start'});
          const drawn = figure.calcdata[trace], last = drawn.length - 1, at = drawn[last];
          const corner = figure.getBoundingClientRect(), {xaxis, yaxis} = figure._fullLayout;
          return [corner.left + xaxis._offset + xaxis.l2p(at.x), corner.top + yaxis._offset + yaxis.l2p(at.y),
            figure.data[trace].customdata[last]]; }"""
    )
    page.mouse.move(place[0], place[1])
    page.wait_for_timeout(300)
    page.mouse.click(place[0], place[1])
    page.wait_for_function("() => document.body.innerText.includes('behind the mark that was clicked')")
    page.get_by_role("button", name="Open the search tree of problem").click()
    page.wait_for_function("() => document.querySelector('h4')?.innerText.startsWith('Is ')")
    page.wait_for_function(
        "number => [...document.querySelectorAll('input, [data-baseweb=select]')].some("
        "e => (e.value || e.innerText || '').startsWith(`${number} `))",
        arg=place[2],
    )
    assert page.locator("[data-testid=stException]").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_every_page_by_its_link_without_an_error(page, server, name):
    page.goto(f"{server}/{name}?k=2")
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton], [data-testid=stProgress]')"
        " && document.querySelector('[data-testid=stMain] :is(h1, h2, [data-testid=stDataFrame]), .js-plotly-plot')"
    )
    page.wait_for_timeout(1000)
    assert page.locator("[data-testid=stException]").count() == 0
    # Nothing is wider than the window.
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_a_page_is_used_by_keyboard_alone(page, server):
    """Tab reaches the choices at the top and the page's own, each with a focus that can be seen."""
    visit(page, server, k=1)
    page.mouse.click(640, 5)
    reached = []
    # In a table Tab may go from cell to cell, each of which is the same canvas.
    while sum(name != "CANVAS" for name, _ in reached) < 45 and len(reached) < 150:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUS))
    names = " | ".join(name for name, _ in reached)
    for control in ("Model", "Question", "k = 1", "Display", "Values as CSV"):
        assert control in names, names
    # A table draws its own focus, within its canvas; the page itself is there to be scrolled.
    assert not [name for name, seen in reached if not seen and name not in ("CANVAS", "the page itself")]
