"""Files are written whole or not at all, and a place that cannot be written to is named."""

import errno
import os
import re
import subprocess
import sys

import pytest
from safetensors import SafetensorError

from coconut_core.errors import InputError
from coconut_core.files import atomic_file, atomic_folder, discard, is_part, temporary_folder, write_atomically


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "result.csv"
    write_atomically(path, "old")

    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", fail)
        write_atomically(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_atomically(tmp_path / "file" / "result.csv", "new")


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    path = tmp_path / "v.csv"
    script = "import os, sys; from coconut_core.files import *\n"
    script += "with temporary_folder(sys.argv[1]), atomic_file(sys.argv[1]): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", script, str(path)]).returncode == -9
    assert len(list(tmp_path.iterdir())) == 2
    other = tmp_path / ".v.csv.note"
    other.write_text("a user's own")
    with atomic_file(path) as living, temporary_folder(path) as folder:
        living.write(b"first")
        write_atomically(path, "second")
        assert path.read_text() == "second" and folder.is_dir()
        assert len([each for each in tmp_path.iterdir() if is_part(each)]) == 2
    assert path.read_text() == "first" and set(tmp_path.iterdir()) == {path, other}


def test_a_folder_is_filled_whole_or_not_at_all(tmp_path):
    out = tmp_path / "below" / "model"
    with pytest.raises(InputError, match="model: cannot be written"), atomic_folder(out) as folder:
        (folder / "weights").write_text("")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list((tmp_path / "below").iterdir()) == []
    with atomic_folder(out) as folder:
        (folder / "weights").write_text("")
    assert (out / "weights").exists() and list((tmp_path / "below").iterdir()) == [out]
    discard(out)
    assert list((tmp_path / "below").iterdir()) == []


def of_torch():
    """Its own error, raised while that of the system is handled."""
    try:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        raise RuntimeError("unexpected pos 704 vs 598")


def of_safetensors():
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


def of_the_system():
    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


@pytest.mark.parametrize("fail", [of_torch, of_safetensors, of_the_system])
def test_a_full_disk_is_one_sentence_whoever_notices_it(tmp_path, fail):
    path = tmp_path / "latest.pt"
    path.write_text("older")
    with pytest.raises(InputError) as refused, atomic_file(path):
        fail()
    reason = r"\((No space left on device|File too large)\)"
    assert re.fullmatch(rf"{path}: cannot be written {reason}; .*", str(refused.value))
    assert path.read_text() == "older" and list(tmp_path.iterdir()) == [path]


def test_a_defect_keeps_its_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_file(tmp_path / "x"):
        raise ZeroDivisionError


@pytest.mark.parametrize("name", ["a\0b", "\udcff\0"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="is not a name"):
        write_atomically(tmp_path / name, "")
