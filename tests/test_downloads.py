"""Files that are fetched: whole and the right ones, gone on with, kept, or one sentence."""

import hashlib
import importlib.util
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from coconut_core.downloads import Download, RemoteFile, fetch, released_models
from coconut_core.errors import InputError
from coconut_core.problems.registry import TASKS, load_problems
from tests.command_line import coconut

ROOT = Path(__file__).parents[1]
CONTENTS = {"a/weights.bin": bytes(range(256)) * 4000, "a/card.json": b"{}", "b/with space.json": b"[1]"}


class Server(BaseHTTPRequestHandler):
    """Serves `CONTENTS`; what it was asked for is on `requests`. Class attributes say how it fails."""

    requests: list
    ranges, most, instead = True, None, None

    def do_GET(self):
        content = (self.instead or CONTENTS).get(self.path[1:].replace("%20", " "))
        if content is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        type(self).requests.append((self.path, asked))
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[begin : None if self.most is None else begin + self.most])

    def log_message(self, *_):
        pass


@contextmanager
def served(**behaviour):
    handler = type("Handler", (Server,), {"requests": [], **behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", handler.requests
        finally:
            server.shutdown()


@pytest.fixture
def download():
    files = tuple(RemoteFile(path, len(c), hashlib.sha256(c).hexdigest()) for path, c in CONTENTS.items())
    return Download("https://nowhere.invalid", files, "unused", "do it by hand")


def whole(folder):
    return {path: (folder / path).read_bytes() for path in CONTENTS} == CONTENTS and not [*folder.rglob("*.fetched")]


def test_files_are_fetched_then_checked_and_kept(download, tmp_path):
    with served() as (address, requests):
        download = replace(download, address=address)
        assert [new for _, new in fetch(download, tmp_path)] == [True, True, True] and whole(tmp_path)
        before = (tmp_path / "a" / "weights.bin").stat().st_mtime_ns
        (tmp_path / "a" / "card.json").unlink()
        assert [new for _, new in fetch(download, tmp_path)] == [False, True, False] and whole(tmp_path)
        assert (tmp_path / "a" / "weights.bin").stat().st_mtime_ns == before and len(requests) == 4


def test_a_fetch_that_broke_off_goes_on_where_it_was(download, tmp_path):
    with served(most=300_000) as (address, requests):
        for tries in range(1, 10):
            try:
                list(fetch(download, tmp_path, address))
                break
            except InputError as error:
                assert f"broke off after {300_000 * tries:,} of 1,024,000 bytes" in str(error)
                assert not (tmp_path / "a" / "weights.bin").exists()
        assert whole(tmp_path) and tries == 4
    assert [asked for path, asked in requests if "weights" in path] == [
        None, "bytes=300000-", "bytes=600000-", "bytes=900000-"
    ]  # fmt: skip


def test_a_server_that_cannot_begin_in_the_middle_begins_anew(download, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "weights.bin.fetched").write_bytes(CONTENTS["a/weights.bin"][:1000])
    with served(ranges=False) as (address, _):
        list(fetch(download, tmp_path, address))
    assert whole(tmp_path)


@pytest.mark.parametrize("wrong", [b"<html>Sign in</html>" * 60_000, b"x" * 1_024_000])
def test_another_file_of_that_name_is_refused_and_leaves_nothing(download, tmp_path, wrong):
    with served(instead=CONTENTS | {"a/weights.bin": wrong}) as (address, _):
        with pytest.raises(InputError, match="weights.bin: what was fetched is another file"):
            list(fetch(download, tmp_path, address))
    assert [*(tmp_path / "a").iterdir()] == []
    # A beginning of another file is found out too, and the next fetch begins anew.
    (tmp_path / "a" / "weights.bin.fetched").write_bytes(wrong[:1000])
    with served() as (address, _):
        with pytest.raises(InputError, match="try again"):
            list(fetch(download, tmp_path, address))
        list(fetch(download, tmp_path, address))
    assert whole(tmp_path)


def test_a_file_that_stands_in_the_way_is_left_alone(download, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "card.json").write_text("mine")
    with served() as (address, _), pytest.raises(InputError, match="card.json: is another file"):
        list(fetch(download, tmp_path, address))
    assert (tmp_path / "a" / "card.json").read_text() == "mine"


def test_a_folder_can_take_the_place_of_the_address(download, tmp_path):
    with served() as (address, _):
        list(fetch(download, tmp_path / "there", address))
    list(fetch(download, tmp_path / "here", tmp_path / "there"))
    assert whole(tmp_path / "here")
    with pytest.raises(InputError, match="weights.bin: cannot be read .No such file.*; name a folder"):
        list(fetch(download, tmp_path / "again", tmp_path / "absent"))


@pytest.mark.parametrize("source", [None, "http://127.0.0.1:9", "gone", "https://", "http://[", "http://a b"])
def test_out_of_reach_is_one_sentence_with_the_way_by_hand(download, tmp_path, source):
    with served(instead={"x": b""}) as (address, _):
        source = address if source == "gone" else source
        with pytest.raises(InputError, match=r"a/weights.bin: cannot be fetched \(.+\); do it by hand\."):
            list(fetch(download, tmp_path, source))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_list_of_models_is_that_of_the_shipped_files():
    spec = importlib.util.spec_from_file_location("list_models", ROOT / ".ci" / "list_models.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.LIST.read_text() == script.listed(), "run `python .ci/list_models.py`"


def test_the_command_brings_the_models_from_a_clone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = coconut("data", "fetch", "models", "--from", ROOT / "artifacts" / "models")
    count = len(released_models().files)
    assert done.returncode == 0 and f"artifacts/models: {count} files fetched, 0 there before" in done.stdout
    assert f"0 files fetched, {count} there before, all checked" in coconut("data", "fetch", "models").stdout
    (tmp_path / "artifacts" / "models" / "prosqa_small" / "config.json").unlink()
    offline = coconut("data", "fetch", "models")
    assert offline.returncode == 2 and "nothing is published there yet" in offline.stderr.splitlines()[-1]


def test_official_files_are_those_that_the_authors_published(official_prosqa, tmp_path, monkeypatch):
    (valid,) = [file for file in TASKS["prosqa"].download.files if "valid" in file.path]
    only = replace(TASKS["prosqa"].download, files=(valid,))
    ((path, _),) = fetch(only, tmp_path, official_prosqa.parent)
    assert len(load_problems(path)) == 300


def test_a_task_without_a_public_place_says_so():
    told = coconut("data", "fetch", "gsm8k")
    assert told.returncode == 2 and "no public place is known" in told.stderr
