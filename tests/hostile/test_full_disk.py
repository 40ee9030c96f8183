"""A disk that is full, at any moment: one sentence that names the file, what was there stays, and room is enough to
go on.

The disk is a small tmpfs where one can be mounted, which needs privileges. Everywhere else, and there too, the system
is asked to refuse files above a size, which libraries meet in the same places.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from coconut_core.official import import_official
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from coconut_core.problems.registry import save_problems
from coconut_core.training.state import STATE, stored_state
from tests.hostile.processes import ROUNDS, Command
from tests.test_training import metrics

REFUSED = r"(\S+): cannot be written \((No space left on device|File too large)\); [^\n]*\n"


def sizes(largest: int, count: int) -> list[int]:
    """So many bytes, from next to nothing to a little less than `largest`, as far apart in ratio."""
    return [int(512 * (largest / 512) ** (step / count)) for step in range(count)]


class FileSizes:
    """Files above a size are refused: by a limit of the process."""

    def __init__(self, folder: Path):
        self.folder = folder

    def start(self, room: int | None, *arguments) -> Command:
        return Command(self.folder, *arguments, largest_file=room)

    @staticmethod
    def needed(folder: Path) -> int:
        return max(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class SmallDisk:
    """A disk with so much room, in pages of memory."""

    page = 4096

    def __init__(self, folder: Path):
        self.folder = folder

    def start(self, room: int | None, *arguments) -> Command:
        room = 1 << 26 if room is None else room
        subprocess.run(["mount", "-o", f"remount,size={max(room, 8 * self.page)}", str(self.folder)], check=True)
        return Command(self.folder, *arguments)

    @classmethod
    def needed(cls, folder: Path) -> int:
        return sum(max(cls.page, path.stat().st_size) for path in folder.rglob("*"))


@pytest.fixture(params=[FileSizes, SmallDisk], ids=["limit", "tmpfs"])
def disk(request, tmp_path) -> Iterator[FileSizes | SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param is FileSizes:
        yield FileSizes(folder)
        return
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here; the limit on the size of files stands for it")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def assert_refused(command: Command, folder: Path) -> None:
    """Exit code 2, and as the last line the sentence that names a file of the folder; no traceback."""
    assert command.wait() == 2, command.printed
    assert "Traceback" not in command.printed and "Exception ignored" not in command.printed, command.printed
    found = re.search(REFUSED + r"\Z", command.printed.replace("\r", "\n"))
    assert found and str(folder) in found[1], command.printed
    assert not [path for path in folder.rglob("*.part")]


def test_a_run_stops_and_goes_on_when_there_is_room(disk, tmp_path, tiny_run):
    # Tensors larger than what Python writes at once, so that torch meets the full disk itself.
    shape = replace(tiny_run.model, width=64, feed_forward=128)
    config = replace(tiny_run, model=shape, validation_problems=2, checkpoint_minutes=1e-9)
    for place in ("whole", "disk"):
        fields = {**config.as_dict(), "save_path": str(tmp_path / place)}
        (tmp_path / f"{place}.yaml").write_text(yaml.safe_dump(fields))
    whole = Command(tmp_path / "whole", "train", tmp_path / "whole.yaml")
    assert whole.wait() == 0, whole.printed
    # A state is about four times as large as the weights in half precision: with the optimiser's two, in full.
    needed, done = 6 * disk.needed(tmp_path / "whole"), disk.folder / config.name
    stopped = 0
    for room in sizes(needed, 5 * ROUNDS):
        before = stored(done)
        command = disk.start(room, "train", tmp_path / "disk.yaml")
        if command.wait() == 0:
            break
        assert_refused(command, disk.folder)
        assert stored(done) >= before
        stopped += 1
    assert stopped >= 2
    command = disk.start(None, "train", tmp_path / "disk.yaml")
    assert command.wait() == 0, command.printed
    same = tmp_path / "whole" / config.name
    assert (done / "model.safetensors").read_bytes() == (same / "model.safetensors").read_bytes()
    assert metrics(done) == metrics(same)
    assert {path.name for path in done.iterdir()} == {path.name for path in same.iterdir()}


def stored(folder: Path) -> int:
    """The step of a run's state, which is whole wherever there is one; 0 without."""
    path = folder / STATE
    return stored_state(path)["progress"]["total_steps"] if path.exists() else 0


def test_a_csv_that_has_no_room_leaves_the_old_one(disk, tmp_path, tiny_checkpoint):
    save_problems(tmp_path / "data.json", sample_problems(SamplerSettings(nodes=(9, 9), hops={2: 1.0}), 40, seed=3))
    out = disk.folder / "v.csv"
    asked = ("values", tiny_checkpoint, tmp_path / "data.json", "--k", "0-3", "--batch-size", "4", "--out", out)
    whole = disk.start(None, *asked)
    assert whole.wait() == 0, whole.printed
    content = out.read_bytes()
    assert len(content) > 16 * 4096
    for room in [len(content) // 2, len(content) - 1, *sizes(len(content), ROUNDS - 1)]:
        out.write_text("old")
        assert_refused(disk.start(room, *asked), disk.folder)
        assert out.read_text() == "old" and list(disk.folder.iterdir()) == [out]


def test_an_import_that_has_no_room_leaves_nothing(disk, tmp_path, tiny_checkpoint, tiny_llama):
    torch.save(tiny_llama.lm.state_dict(), tmp_path / "official.pt")
    base = tmp_path / "base"
    tiny_llama.lm.save_pretrained(base)
    tiny_llama.tokenizer.save_pretrained(base)
    import_official(tmp_path / "official.pt", base, tmp_path / "whole", thoughts_per_step=1, max_stage=3)
    needed = disk.needed(tmp_path / "whole")
    asked = ("import", tmp_path / "official.pt", base, disk.folder / "model")
    for room in sizes(needed - 4096, 3 * ROUNDS):
        assert_refused(disk.start(room, *asked), disk.folder)
        assert list(disk.folder.iterdir()) == []
    command = disk.start(None, *asked)
    assert command.wait() == 0, command.printed
    files = {path.name for path in (disk.folder / "model").iterdir()}
    assert files == {path.name for path in (tmp_path / "whole").iterdir()}
