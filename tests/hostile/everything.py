"""What the commands of these tests need, imported once, with answers that end: a model that has learned nothing would
write until it may not."""

import threading
from functools import partial
from importlib import import_module

from tqdm import tqdm

from coconut_core import checkpoints
from coconut_core.training import loop

for name in (
    "accelerate.tracking",
    "analyses.readings.accuracy",
    "analyses.readings.values",
    "coconut_core.official",
    "coconut_core.training.config_files",
    "transformers.models.auto",
    "transformers.models.llama.modeling_llama",
    "workbench.commands.__main__",
    "workbench.commands.problem_stream",
):
    import_module(name)
# The bar's usual lock is of the system, which counts those that killed processes leave.
tqdm.set_lock(threading.RLock())
loop.answers = checkpoints.answers = partial(checkpoints.answers, max_new_tokens=24)
