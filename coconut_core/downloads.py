"""Files that are too large to come along: fetched from a public place, or copied from a folder, and checked.

What a download consists of is known beforehand, sizes and hashes: a file is whole and the right one, or it is not
there. A file that was begun is gone on with, one that is there is looked at and kept.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from io import BufferedIOBase
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from tqdm.auto import tqdm

from coconut_core.errors import InputError
from coconut_core.files import writing
from coconut_core.reading import open_file

SECONDS = 30
"""After which a server that says nothing is given up."""
_CHUNK = 1 << 18


@dataclass(frozen=True)
class RemoteFile:
    """One file, by its path in the download's folder."""

    path: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True)
class Download:
    """Files that belong together."""

    address: str
    """What each path is appended to."""
    files: tuple[RemoteFile, ...]
    folder: str
    """Where they are put if nothing else is said, below the current directory."""
    by_hand: str
    """The end of a sentence: what to do where the address cannot be reached."""


def fetch(
    download: Download, folder: Path, source: Path | str | None = None, *, progress: bool = False
) -> Iterator[tuple[Path, bool]]:
    """Bring the files into `folder`, one after another: where each one lies, and whether it was not there before.

    They come from the download's own address, from the address `source`, or from the folder `source`. `InputError`
    names a file that cannot be reached, that broke off, or that is not the one of the list; one that stands in the way
    is left alone.
    """
    place = download.address if source is None else source
    for file in download.files:
        path = folder / file.path
        there = path.exists()
        if not there:
            _bring(file, path, place, download.by_hand, progress)
        elif _sha256(path) != file.sha256:
            raise InputError(f"{path}: is another file than the one to be fetched; move it away or give another --out.")
        yield path, not there


def released_models() -> Download:
    """The models of the project's artifacts/, as the list beside this module has them (`.ci/list_models.py`)."""
    listed = json.loads((Path(__file__).parent / "released_models.json").read_text())
    return Download(
        address=listed["address"],
        files=tuple(RemoteFile(path, **entry) for path, entry in listed["files"].items()),
        folder="artifacts/models",
        by_hand="nothing is published there yet: give artifacts/models of a clone of the project as --from",
    )


def _bring(file: RemoteFile, path: Path, place: Path | str, by_hand: str, progress: bool) -> None:
    part = path.with_name(f"{path.name}.fetched")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = part.stat().st_size if part.is_file() else 0
    if begun < file.size or not part.is_file():
        _append(file, part, begun, place, by_hand, progress)
    if part.stat().st_size < file.size:
        raise InputError(
            f"{path}: broke off after {part.stat().st_size:,} of {file.size:,} bytes; the same command goes on there."
        )
    if _sha256(part) != file.sha256:
        part.unlink()
        raise InputError(f"{path}: what was fetched is another file than it should be; try again, or another --from.")
    with writing(path):
        part.replace(path)


def _append(file: RemoteFile, part: Path, begun: int, place: Path | str, by_hand: str, progress: bool) -> None:
    """Read on until the file has its size or the source ends; what was read stays, whatever happens."""
    address = f"{place}/{quote(file.path)}" if _is_address(place) else str(Path(place) / file.path)
    with _reaching(address, by_hand):
        source, begun = _opened(address, begun)
    bar = tqdm(desc=file.path, total=file.size, initial=begun, unit="B", unit_scale=True, disable=not progress)
    with source, writing(part), part.open("ab" if begun else "wb") as written, bar:
        while begun <= file.size:  # more than its size is not read: it is another file
            try:
                chunk = source.read(_CHUNK)
            except (OSError, HTTPException):  # broken off
                break
            if not chunk:
                break
            written.write(chunk)
            begun += len(chunk)
            bar.update(len(chunk))


def _opened(address: str, begun: int) -> tuple[BufferedIOBase, int]:
    """The source, and at which byte it begins: not every server can begin in the middle."""
    if not _is_address(address):
        source = open_file(Path(address), "name a folder that holds the files")
        source.seek(begun)
        return source, begun
    asked = Request(address, headers={"Range": f"bytes={begun}-"} if begun else {})
    response = urlopen(asked, timeout=SECONDS)
    goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {begun}-")
    return response, begun if goes_on else 0


@contextmanager
def _reaching(address: str, by_hand: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except (OSError, HTTPException, ValueError) as error:
        reason = f"{error.code} {error.reason}" if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise InputError(f"{address}: cannot be fetched ({reason}); {by_hand}.") from error


def _is_address(place: Path | str) -> bool:
    return isinstance(place, str) and place.startswith(("http://", "https://"))


def _sha256(path: Path) -> str:
    with open_file(path, "move it away, or choose another --out") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
