"""`python .ci/visit_app.py COCONUT`: start the app by this command here, visit every page of it, and end it."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.sessions import visit_at_once

PAGES = ("", "what_if", "population", "thoughts", "compare_runs", "problems", "models")
PRIMARY_COLOUR = "#2a6fb0"
"""Of .streamlit/config.toml: a server that sends it has read the project's settings."""


def main() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.argv[1], "app", "--headless", "--port", str(port)])
    try:
        address = f"http://localhost:{port}"
        _wait_for(f"{address}/_stcore/health", server)
        for page in PAGES:
            (visit,) = visit_at_once(address, [page])
            print(f"/{page}: {visit.elements} elements, {visit.charts} charts, {len(visit.faults)} faults")
            if visit.faults or visit.elements < 10 or PRIMARY_COLOUR not in visit.colours:
                sys.exit(f"/{page} does not render: {visit}")
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(address: str, server: subprocess.Popen) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=1)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit("The app did not start.")


if __name__ == "__main__":
    main()
