"""`python -m tests.hostile --inputs 10000 --seed 1`: the long run, with a count of what became of the inputs."""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.hostile import test_command_lines, test_configs, test_model_folders, test_records

KINDS = {
    "records": test_records.attempt,
    "configs": test_configs.attempt,
    "folders": test_model_folders.attempt,
    "states": test_model_folders.attempt_state,
    "lines": test_command_lines.attempt,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=2_000, help="how many of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS, action="append", help="a kind of input; may be repeated")
    chosen = parser.parse_args()
    foreign = 0
    for kind in chosen.only or KINDS:
        counts, slowest = Counter(), (0.0, "")
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            for number in range(chosen.inputs):
                name, start = f"{kind} {chosen.seed} {number}", time.perf_counter()
                try:
                    counts["refused" if KINDS[kind](random.Random(name), Path(folder)) else "taken"] += 1
                except Exception:
                    counts["foreign"] += 1
                    sys.stderr.write(f"\nrandom.Random({name!r}):\n{traceback.format_exc(limit=-6)[-3_000:]}\n")
                slowest = max(slowest, (time.perf_counter() - start, name))
        foreign += counts["foreign"]
        said = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(f"{kind}: {chosen.inputs} inputs, {said}; slowest {slowest[0]:.1f} s ({slowest[1]}); ")
        sys.stdout.write(f"at most {peak:.0f} MB so far\n")
        sys.stdout.flush()
    sys.exit(foreign > 0)


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
