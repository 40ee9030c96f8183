"""`python .ci/lean.py`: is the repository as small as it should be, and what is too much.

Every clone carries all that was ever committed, so pictures and pages that a command makes anew stay out, and what a
commit adds is bounded.
"""

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

MIB = 1 << 20
LARGEST_FILE = 8 * MIB
LARGEST_ARTIFACTS = 60 * MIB
LARGEST_TREE = 80 * MIB
MOST_ADDED = 32 * MIB
"""Bytes of the files that one commit adds or changes."""
MADE_ANEW = (".gif", ".html", ".jpeg", ".jpg", ".pdf", ".png", ".svg", ".webp")
SHOWN = ("artifacts/screenshots/population.png", "artifacts/screenshots/search_tree.png", "docs/*.png", "docs/*.svg")
"""Pictures that documents show; a star stands for folders too."""


def faults(root: Path) -> list[str]:
    """What is too much in the files that git tracks, a sentence each."""
    sizes = _tracked(root)
    found = [
        f"{name}: is made anew by a command or shown by no document; leave it out, or put it below docs/."
        for name in sizes
        if name.endswith(MADE_ANEW) and not any(fnmatch(name, pattern) for pattern in SHOWN)
    ]
    bounds = [(name, size, LARGEST_FILE) for name, size in sizes.items()]
    artifacts = sum(size for name, size in sizes.items() if name.startswith("artifacts/"))
    bounds += [("artifacts/", artifacts, LARGEST_ARTIFACTS), ("all files", sum(sizes.values()), LARGEST_TREE)]
    bounds += [("what the last commit adds", _added(root), MOST_ADDED)]
    return found + [
        f"{what}: {size / MIB:.1f} MiB, at most {most / MIB:.0f}." for what, size, most in bounds if size > most
    ]


def _tracked(root: Path) -> dict[str, int]:
    """Bytes of every file in git's index, which are committed next."""
    entries = [line.split("\t") for line in _git(root, "ls-files", "--stage", "-z").split("\0") if line]
    return dict(
        zip([name for _, name in entries], _sizes(root, [stage.split()[1] for stage, _ in entries]), strict=True)
    )


def _added(root: Path) -> int:
    """Bytes of the files that the last commit adds or changes; 0 where the commit before it is not there."""
    if not _git(root, "rev-parse", "--verify", "--quiet", "HEAD^", check=False):
        return 0
    lines = _git(root, "diff", "--raw", "--no-abbrev", "--no-renames", "HEAD^", "HEAD").splitlines()
    blobs = [line.split()[3] for line in lines]
    return sum(_sizes(root, [blob for blob in blobs if set(blob) != {"0"}]))


def _sizes(root: Path, blobs: list[str]) -> list[int]:
    found = _git(root, "cat-file", "--batch-check=%(objectsize)", given="\n".join(blobs))
    return [int(size) for size in found.split()]


def _git(root: Path, *arguments: str, given: str | None = None, check: bool = True) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, input=given, capture_output=True, text=True, check=check).stdout


if __name__ == "__main__":
    found = faults(Path(__file__).parents[1])
    print("\n".join(found) or "the repository is lean")
    sys.exit(1 if found else 0)
