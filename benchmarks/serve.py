"""The loop of a process that works on request and reports the seconds, the memory and the operations that it took.

It stands alone: one of the processes that run it has other versions of libraries and knows nothing of this project.
"""

import json
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from torch.utils.flop_counter import FlopCounterMode


def serve(works: dict[str, Callable]) -> None:
    """Answer requests, a line of JSON each: {"work": NAME, "counted": BOOL, SETTING: VALUE, ...}, until the input ends.

    A work is given the settings and returns the call to be timed. The reply has its `result`, `seconds`, and
    `peak_mib`, the memory it needed on top of what the process held before (None where the system does not say). If
    its operations are counted, the reply has them as `operations` and the rest means little.
    """
    replies = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr
    print(json.dumps({"ready": True}), file=replies, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        counted = request.pop("counted")
        call = works[request.pop("work")](**request)
        before = _forget_peak()
        start = time.perf_counter()
        with FlopCounterMode(display=False) if counted else nullcontext() as counter:
            result = call()
        seconds = time.perf_counter() - start
        peak = None if before is None else (_status("VmHWM") - before) / 1024
        reply = {"result": result, "seconds": seconds, "peak_mib": peak}
        reply["operations"] = counter.get_total_flops() if counted else None
        print(json.dumps(reply), file=replies, flush=True)


def _forget_peak() -> int | None:
    """Start to measure the peak anew; the memory held now, in KiB."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return None


def _status(name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())[1])
