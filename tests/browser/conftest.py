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
        process.wait(timeout=60)


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
    page.add_init_script("localStorage.setItem('coconut workbench: tour dismissed', 'yes')")
    page.failures = []
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    page.on("dialog", lambda dialog: page.failures.append(dialog.message))
    yield page
    assert not page.failures
    page.close()


def visit(page, server, **link):
    page.goto(f"{server}/?{urlencode(link)}")
    page.wait_for_selector(".trees .values circle", state="attached")
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot .gtitle').length == 2")
    return page


def tree(page):
    """What the browser has drawn: the marks of the first tree."""
    return page.locator(".plot svg").first.evaluate("svg => svg.outerHTML")


def asked(page):
    """The question above the tree."""
    return page.locator("[data-testid=stMain] h4").inner_text()


def link(page):
    return {key: value[0] for key, value in parse_qs(urlsplit(page.url).query).items()}


def wait_for_k(page, k):
    page.wait_for_selector(f".trees button[data-k='{k}'][aria-checked=true]")


def wait_for_link(page, **wanted):
    """Wait until the link holds these values, which is when the server has heard of them."""
    page.wait_for_function(
        "wanted => { const held = new URLSearchParams(location.search);"
        " return Object.entries(wanted).every(([key, value]) => held.get(key) == value); }",
        arg={key: str(value) for key, value in wanted.items()},
    )


def focus_k(page):
    """Give the keyboard to the axis of k."""
    page.locator(".trees button[aria-checked=true]").focus()
