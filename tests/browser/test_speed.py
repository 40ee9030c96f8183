"""How fast the app answers: from the start, to a key, to ten people at once."""

import math
import os
import subprocess
import sys
import time

import pytest

from tests.browser.conftest import focus_k, serve, visit, wait_for_k, wait_for_link
from workbench.choices.problem_sources import index_of_good_example

pytestmark = [pytest.mark.browser, pytest.mark.timing]
IMPORT_SECONDS = 1.2
"""On the machine for which the times are promised: the slower of two at once, on two cores."""
MARGIN = 3.0
"""How far a busy machine may miss a promise before the code is at fault: its speed changes within a run."""
# Notes in the page how long after the next key the words about the chosen node name k, which is when the server has
# answered: a user does not wait for the driver's round trips. No timer, no animation frame: pages in the background
# have one a second.
WATCH = """k => { window.changed = new Promise(done => {
    document.addEventListener('keydown', () => { const start = performance.now();
        new MutationObserver((_, observer) => { if (!document.body.innerText.includes(`at k = ${k}`)) return;
          observer.disconnect(); done(performance.now() - start);
        }).observe(document.body, {subtree: true, childList: true, characterData: true}); },
      {once: true, capture: true}); }); }"""


def allowance() -> float:
    """How much longer than promised an answer may take here: the margin, times how much longer Python's imports take
    than on the machine of the promises with no other load.

    One process a core imports, since the server and the browser share them.
    """
    imports = [sys.executable, "-c", "import networkx, pandas, plotly.graph_objects, streamlit"]
    start = time.monotonic()
    for process in [subprocess.Popen(imports) for _ in range(os.cpu_count() or 1)]:
        process.wait()
    return MARGIN * max(1.0, (time.monotonic() - start) / IMPORT_SECONDS)


def test_the_tree_is_there_within_five_seconds_of_the_start(chromium, artifacts):
    # A machine's first start reads a thousand files anew, so the best of three counts.
    waited, allowed = [], allowance()
    while len(waited) < 3 and min(waited, default=math.inf) >= 5 * allowed:
        page = chromium.new_page()
        with serve(artifacts) as (address, started):
            page.goto(address)
            page.wait_for_selector(".trees .nodes circle", state="attached")
            waited.append(time.monotonic() - started)
            page.wait_for_selector(".trees .values circle", state="attached")
        page.close()
    assert min(waited) < 5 * allowed, [f"{w:.1f} s" for w in waited]


def test_moving_k_by_keyboard_draws_within_50_ms(page, server):
    """From the key to the picture, which no server is asked for; the link follows."""
    visit(page, server, k=0)
    focus_k(page)
    waited = []
    for k in (1, 2, 3, 4, 5):
        page.locator(".trees").evaluate(
            """root => { window.drawn = new Promise(done => document.addEventListener('keydown', () => {
                const start = performance.now(), all = {subtree: true, childList: true, attributes: true};
                const look = () => { root.getBoundingClientRect(); done(performance.now() - start); };
                new MutationObserver(look).observe(root, all); }, {once: true, capture: true})); }"""
        )
        page.keyboard.press("ArrowRight")
        waited.append(page.evaluate("() => window.drawn") / 1000)
        wait_for_k(page, k)
    assert sorted(waited)[2] < 0.05 * allowance(), [f"{1000 * w:.0f} ms" for w in waited]
    wait_for_link(page, k=5)


def test_ten_sessions_at_once_answer_within_a_second(chromium, server, problems):
    """Each moves k on a loaded problem; the median of each session is held against the promise."""
    pages = [chromium.new_page() for _ in range(10)]
    for each in pages:
        each.set_default_timeout(120_000)
        each.goto(f"{server}/?k=1&path=true&to={problems[index_of_good_example(problems[:3])].target_name}")
    for each in pages:
        each.wait_for_selector(".trees .values circle", state="attached")
        focus_k(each)
    # Each session moves every two seconds, one after another, over and over; each page notes when its own words have
    # changed. The browser that draws the ten pages shares the cores with the server.
    waited = [[] for _ in pages]
    for k in (2, 3, 4, 5, 6):
        for each in pages:
            each.evaluate(WATCH, k)
            each.keyboard.press("ArrowRight")
            each.wait_for_timeout(200)
        for index, each in enumerate(pages):
            waited[index].append(each.evaluate("() => window.changed") / 1000)
    medians = [sorted(times)[2] for times in waited]
    for each in pages:
        each.close()
    assert max(medians) < allowance(), [f"{median:.2f} s" for median in medians]
