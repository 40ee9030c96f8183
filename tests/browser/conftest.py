"""Shared by the tests in a real Chromium: the app's own server process, the browser, and what a page shows."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from coconut_core.problems.registry import save_problems
from tests.conftest import APP

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SWITCHES = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory, tiny_checkpoint, problems):
    """What the app finds: one model, three problems."""
    folder = tmp_path_factory.mktemp("artifacts")
    shutil.copytree(tiny_checkpoint, folder / "models" / "tiny")
    save_problems(folder / "problems" / "small.json", problems[:3])
    return folder


@contextmanager
def serve(artifacts):
    """The app's own server process; its address, and the time at which it was started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", APP, "--server.headless", "true"]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    environment = os.environ | {"COCONUT_ARTIFACTS": str(artifacts)}
    started = time.monotonic()
    process = subprocess.Popen(
        command + options, cwd=APP.parent, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None and time.monotonic() < started + 60, "the server did not start"
                time.sleep(0.05)
        yield address, started
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def server(artifacts):
    """The address of a running app."""
    with serve(artifacts) as (address, _):
        yield address


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A browser with a profile of its own, started before anything is timed."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=CHROMIUM, headless=True, args=SWITCHES
        )
        yield context
        context.close()


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    page.set_default_timeout(60_000)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.failures = []
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    page.on("dialog", lambda dialog: page.failures.append(dialog.message))
    yield page
    assert not page.failures
    page.close()


def visit(page, server, **link):
    page.goto(f"{server}/?{urlencode(link)}")
    page.wait_for_selector("[data-testid=stSlider]")
    page.wait_for_function(
        """() => { const figures = document.querySelectorAll('.js-plotly-plot');
          return figures.length == 3 && figures[0].querySelector('.gtitle')?.textContent.includes('k = ')
            && figures[1].querySelector('.gtitle')?.textContent.includes('control'); }"""
    )
    return page


def tree(page):
    """The drawn figure, as plotly holds it."""
    return page.evaluate(
        "() => { const f = document.querySelector('.js-plotly-plot'); "
        "return JSON.parse(JSON.stringify({data: f.data, layout: f.layout})); }"
    )


def link(page):
    return {key: value[0] for key, value in parse_qs(urlsplit(page.url).query).items()}


def wait_for_k(page, k):
    page.wait_for_function(
        "k => [...document.querySelectorAll('.gtitle')].some(e => e.textContent.includes(`k = ${k} `))", arg=k
    )
