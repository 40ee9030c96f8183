"""`python .ci/screenshots.py [FOLDER]`: a picture of every page of the app on the bundled models and problems."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "artifacts/screenshots")
DRAWN = ".main-svg .infolayer, [data-testid=stDataFrame] canvas"
FIGURE = "Figure 8: parallelism"
PAUSE = "prosqa_laptop_pause_as_thought"
EDITS = '[["thought", 1, "zero", 0], ["thought", 2, "swap", 3]]'
VISITED = "localStorage.setItem('coconut workbench: tour dismissed', 'yes')"
# Picture: page, link, height, and how many charts or tables it waits for.
PAGES = {
    "search_tree": ("", {"k": "2"}, 800, 3),
    "search_tree_dark": ("", {"k": "2", "second": PAUSE}, 1000, 3),
    "what_if": ("what_if", {"k": "2", "edits": EDITS}, 900, 2),
    "population": ("population", {"figure": FIGURE, "controls": PAUSE}, 1900, 2),
    "thoughts": ("thoughts", {}, 2300, 4),
    "verdict": ("verdict", {}, 1200, 1),
    "compare_runs": ("compare_runs", {}, 1200, 2),
    "problems": ("problems", {}, 1200, 1),
    "models": ("models", {}, 1000, 1),
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address)
        browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        with sync_playwright() as driver:
            chromium = driver.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
            for name, (path, link, height, charts) in PAGES.items():
                wide = 1440 if "second" in link else 1280
                page = chromium.new_page(viewport={"width": wide, "height": height})
                page.add_init_script(VISITED)
                page.emulate_media(color_scheme="dark" if name.endswith("dark") else "light")
                page.goto(f"{address}/{path}?{urlencode(link)}")
                there = f"() => document.querySelectorAll('{DRAWN}').length >= {charts}"
                page.wait_for_function(there, timeout=300_000)
                page.wait_for_timeout(4_000)
                page.screenshot(path=FOLDER / f"{name}.png")
                page.close()
                print(FOLDER / f"{name}.png")
    finally:
        server.terminate()


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit("The app did not start.")


if __name__ == "__main__":
    main()
