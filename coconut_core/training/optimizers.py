"""AdamW as the paper uses it, or Muon for the matrices inside the layers beside AdamW for the rest."""

import torch
from torch import nn

from coconut_core.model import CoconutModel
from coconut_core.training.config import RunConfig
from coconut_core.training.muon import CpuMuon


class Optimizers:
    """The optimisers of one run behind one `step`."""

    def __init__(self, config: RunConfig, model: CoconutModel):
        parameters = [p for p in model.parameters() if p.requires_grad]
        inner = _matrices(model) if config.optimizer == "muon" else []
        chosen = {id(p) for p in inner}
        rest = [p for p in parameters if id(p) not in chosen]
        self._all: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(rest, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay)
        ]
        if inner:
            self._all.append(CpuMuon(inner, lr=config.lr, weight_decay=config.weight_decay))

    def step(self, lr: float) -> None:
        """Update at learning rate `lr` and clear the gradients."""
        for optimizer in self._all:
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.step()
            optimizer.zero_grad()

    def state_dict(self) -> list[dict]:
        return [optimizer.state_dict() for optimizer in self._all]

    def load_state_dict(self, states: list[dict]) -> None:
        """Go on with `states`; `ValueError` where they are of other parameters, which the library notices later."""
        for optimizer, state in zip(self._all, states, strict=True):
            optimizer.load_state_dict(state)
            for parameter, kept in optimizer.state.items():
                shapes = {each.shape for each in kept.values() if torch.is_tensor(each)}
                if not isinstance(parameter, nn.Parameter) or not shapes <= {torch.Size(), parameter.shape}:
                    raise ValueError("a state of another parameter")


def _matrices(model: CoconutModel) -> list[nn.Parameter]:
    """Weight matrices of the layers: all that are neither embeddings nor the head."""
    outside = {id(model.lm.get_input_embeddings().weight), id(model.lm.get_output_embeddings().weight)}
    return [
        parameter
        for name, parameter in model.lm.base_model.named_parameters()
        if parameter.ndim == 2 and id(parameter) not in outside and "wpe" not in name
    ]


def learning_rate(config: RunConfig, step: int, steps_per_epoch: int) -> float:
    """Linear warm-up, constant within a world, linear fall to zero over the last `cooldown_epochs`.

    `step` counts from the start of the run.
    """
    steps = config.epochs * steps_per_epoch
    rising = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    cooling = config.cooldown_epochs * steps_per_epoch
    falling = min(1.0, (steps - step) / cooling) if cooling else 1.0
    return config.lr_of_epoch(step // steps_per_epoch) * rising * falling
