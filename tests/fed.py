"""What enters the slots of a model, watched from outside."""

import pytest
import torch

from coconut_core.edits.thinking import EditedThinking
from coconut_core.model import CoconutModel


def fed_into_slots(model, problems, edits, count):
    """What is fed into every slot under edits (problem thought d_model)."""
    seen, original = [], CoconutModel._thought_loop

    def watched(self, context, state, slots, edit=None):
        def watch(k, own):
            seen.append(own if edit is None else edit(k, own))
            return seen[-1]

        return original(self, context, state, slots, watch)

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(CoconutModel, "_thought_loop", watched)
        thinking = EditedThinking(model, edits, problems, count)
        seen.clear()
        thinking.think(range(len(problems)))
        return torch.cat(seen[-count:], 1)
