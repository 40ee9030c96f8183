"""What the tree looks like in a real Chromium: nothing overlaps, charts have words."""

import pytest

from coconut_core.problems.registry import load_problems, save_problems
from tests.browser.conftest import asked, visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overlaps_at_common_sizes(chromium, server, artifacts, official_prosqa, width, scheme):
    """The widest and the largest official trees: no text touches another, the legend or the frame."""
    problems = load_problems(official_prosqa)
    save_problems(artifacts / "problems" / "wide.json", [problems[i] for i in (238, 264, 116)])
    page = chromium.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for number in range(3):
        problem = problems[(238, 264, 116)[number]]
        first, second = (problem.names[node] for node in problem.choices)
        label = f"{number} · {problem.hops} hops · {problem.root_name}: {first} or {second}"
        visit(page, server, k=2, set="wide", problem=label, path="true")
        assert f"Is {problem.root_name}" in asked(page)
        boxes = page.locator(".trees").evaluate(
            """figure => {
              const boxes = [], add = (kind, e) => { const r = e.getBoundingClientRect();
                if (r.width) boxes.push([kind, r.left, r.top, r.right, r.bottom]); };
              figure.querySelectorAll('.plot svg text').forEach(e => { if (e.textContent) add('text', e); });
              figure.querySelectorAll('.legend').forEach(e => add('legend', e));
              figure.querySelectorAll('.head, .axis, .title').forEach(e => add('above', e));
              const r = figure.getBoundingClientRect();
              return [boxes, [r.left, r.top, r.right, r.bottom]]; }"""
        )
        check_apart(*boxes)
    page.close()


def check_apart(boxes, frame):
    assert len(boxes) > 15
    for i, (kind, left, top, right, bottom) in enumerate(boxes):
        assert left >= frame[0] - 1 and right <= frame[2] + 1, (kind, left, right, frame)
        assert top >= frame[1] - 1 and bottom <= frame[3] + 1, (kind, top, bottom, frame)
        for other, x0, y0, x1, y1 in boxes[:i]:
            # Boxes of lines of text hold some empty height above and below the letters.
            apart = right <= x0 + 1 or x1 <= left + 1 or bottom <= y0 + 3 or y1 <= top + 3
            assert apart, (kind, (left, top, right, bottom), other, (x0, y0, x1, y1))


@pytest.mark.parametrize("width", [390, 900])
def test_names_and_values_stay_apart_in_narrow_windows(page, server, artifacts, official_prosqa, width):
    """In the tree itself, which is scrolled where its widest row does not fit."""
    problems = load_problems(official_prosqa)
    save_problems(artifacts / "problems" / "wide.json", [problems[i] for i in (238, 264, 116)])
    page.set_viewport_size({"width": width, "height": 844})
    for number in range(3):
        visit(page, server, k=2, set="wide", problem=number, written="all")
        boxes = page.locator(".plot svg").first.evaluate(
            """svg => [...svg.querySelectorAll('.names text, .written-values text')].filter(e => e.textContent)
              .map(e => e.getBoundingClientRect()).map(r => ['text', r.left, r.top, r.right, r.bottom])"""
        )
        frame = page.locator(".plot svg").first.evaluate(
            "svg => { const r = svg.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; }"
        )
        check_apart(boxes, frame)
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_tree_and_legend_fit_the_window(page, server, artifacts, official_prosqa):
    """At 1280 x 800, an official tree of five rows."""
    save_problems(artifacts / "problems" / "usual.json", load_problems(official_prosqa)[:1])
    page.set_viewport_size({"width": 1280, "height": 800})
    visit(page, server, k=2, set="usual")
    assert page.locator(".trees .legend").evaluate("e => e.getBoundingClientRect().bottom") <= 800


def test_charts_have_words_for_those_who_do_not_see_them(page, server):
    visit(page, server)
    words = page.locator("svg[role=figure]").first.get_attribute("aria-label")
    assert "target" in words and "candidate mass" in words
