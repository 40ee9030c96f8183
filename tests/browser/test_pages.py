"""The other pages in a real Chromium."""

import json
import zipfile
from urllib.parse import urlencode

import pytest

from tests.browser.conftest import visit

pytestmark = pytest.mark.browser
PAGES = ("", "what_if", "population", "thoughts", "compare_runs", "problems", "models")
# What has the focus and whether that can be seen: some style of it, or of what it stands in, is another one without.
FOCUS = """async () => { const e = document.activeElement, chain = [];
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
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot').length == 3")
    assert "nothing yet" in page.locator("body").inner_text()
    page.get_by_role("button", name="Turn the choice round").click()
    # Both trees and what stands below them are there when their questions differ and nothing runs any more.
    page.wait_for_function(
        """() => { const asked = [...document.querySelectorAll('.gtitle')].map(e => e.textContent.split('?')[0]);
          return document.body.innerText.includes('asked \u201cIs') && asked.length == 2 && asked[0] != asked[1]
            && !document.querySelector('[data-testid=stStatusWidget]'); }"""
    )
    page.wait_for_timeout(500)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Trees, values and texts as zip").click()
    with zipfile.ZipFile(waiting.value.path()) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        before, after = (json.loads(archive.read(f"{when}.json"))["question"] for when in ("before", "after"))
    assert manifest["k"] == 3 and before != after and "after.csv" in manifest["files"]

    fact = page.get_by_role("combobox", name="Drop a fact").input_value()
    page.get_by_role("button", name="Drop", exact=True).click()
    page.wait_for_function("fact => document.body.innerText.includes(`dropped \u201c${fact}\u201d`)", arg=fact)
    # The box takes its new text a moment after the page shows the change.
    gone = "fact => ![...document.querySelectorAll('textarea')].some(box => box.value.includes(fact))"
    page.wait_for_function(gone, arg=fact)
    page.get_by_role("button", name="Undo all edits").click()
    page.wait_for_function("() => document.body.innerText.includes('Changed: nothing yet')")
    page.get_by_role("button", name="Turn the choice round").click()
    page.wait_for_function("() => document.body.innerText.includes('asked \u201cIs')")

    choice = page.get_by_role("combobox", name="Change thoughts")
    choice.fill("zero")
    choice.press("ArrowDown")
    choice.press("Enter")
    page.wait_for_function("() => /Changed: asked .*: zero vector/.test(document.body.innerText)")
    said = page.get_by_role("paragraph").filter(has_text="Changed:").inner_text()
    other = chromium.new_page()
    other.goto(page.url)
    other.wait_for_function("said => document.body.innerText.includes(said)", arg=said, timeout=60_000)
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
    page.wait_for_function("() => document.body.innerText.includes('those behind the mark that was clicked')")
    page.get_by_role("button", name="Open the search tree of problem").click()
    page.wait_for_function("() => document.querySelector('.gtitle')?.textContent.startsWith('Is ')")
    page.wait_for_function(
        "number => document.querySelector('[data-testid=stSidebar]').innerText.includes('Question') &&"
        " [...document.querySelectorAll('input, [data-baseweb=select]')].some("
        "e => (e.value || e.innerText || '').startsWith(`${number} `))",
        arg=place[2],
    )
    assert page.locator("[data-testid=stException]").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_every_page_by_its_link_without_an_error(page, server, name):
    page.goto(f"{server}/{name}?k=2")
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton], [data-testid=stProgress]')"
        " && document.querySelector('[data-testid=stMain] h1, [data-testid=stMain] h2, .js-plotly-plot')"
    )
    page.wait_for_timeout(1000)
    assert page.locator("[data-testid=stException]").count() == 0
    # Nothing is wider than the window.
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_a_page_is_used_by_keyboard_alone(page, server):
    """Tab reaches the sidebar's choices and the page's own, each with a focus that can be seen."""
    visit(page, server, k=1)
    page.mouse.click(640, 5)
    reached = []
    # In a table Tab may go from cell to cell, each of which is the same canvas.
    while sum(name != "CANVAS" for name, _ in reached) < 45 and len(reached) < 150:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUS))
    names = " | ".join(name for name, _ in reached)
    for control in ("Model", "Question", "Thoughts k", "Correct path", "Values as CSV"):
        assert control in names, names
    # A table draws its own focus, within its canvas; the page itself is there to be scrolled.
    assert not [name for name, seen in reached if not seen and name not in ("CANVAS", "the page itself")]
