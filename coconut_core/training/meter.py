"""The loss of a run, by stage: a total hides the plateaus, since most labels are learned within minutes."""

from collections import defaultdict

from coconut_core.columns import PackedBatch
from coconut_core.model import Loss


class Meter:
    """Sums of loss, by stage, between two reports."""

    def __init__(self):
        self._sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])

    def add(self, loss: Loss, batch: PackedBatch) -> None:
        read = batch.weights > 0
        stage, of_answer = batch.stage[read], batch.is_answer[read].bool()
        for each in stage.unique().tolist():
            here = stage == each
            ends = here & of_answer
            sums = self._sums[each]
            sums[0] += loss.by_label[here].sum().item()
            sums[1] += int(here.sum())
            sums[2] += loss.by_label[ends].sum().item()
            sums[3] += int(ends.sum())

    def flush(self) -> dict:
        """Mean loss a label, over all and by stage, and by stage over the answer's labels alone."""
        sums = {stage: tuple(values) for stage, values in sorted(self._sums.items())}
        self._sums.clear()
        labels = sum(values[1] for values in sums.values())
        return {
            "loss": round(sum(values[0] for values in sums.values()) / labels, 5),
            "loss_by_stage": {stage: round(values[0] / values[1], 5) for stage, values in sums.items()},
            "answer_loss_by_stage": {stage: round(v[2] / v[3], 5) for stage, v in sums.items()},
        }

    def state(self) -> dict[int, list[float]]:
        return dict(self._sums)

    def restore(self, state: dict[int, list[float]]) -> None:
        """Go on with sums of `state`; `ValueError` where they are none."""
        for stage, (loss, labels, answer_loss, answer_labels) in state.items():
            self._sums[int(stage)] = [float(loss), int(labels), float(answer_loss), int(answer_labels)]
