"""The training methods as data: the rows of the paper's Table 1 (section 2.2 for their definitions) and later controls.

A method says what becomes of the steps of reasoning, what fills the slots between question and answer, and whether
`<bot>` and `<eot>` frame these. Everything else, the loop, the data, the decoding, is shared:

    method              steps               slots     layout once all steps are gone
    cot                 kept                none      question steps answer
    no_cot              dropped             none      question answer
    icot                dropped by tokens   none      question answer
    pause_token         dropped             pause     question <bot> <pause> ... <eot> answer
    coconut             dropped by stages   thought   question <bot> thought ... <eot> answer
    no_curriculum       dropped             thought   the same
    no_thought          dropped by stages   none      question answer
    pause_as_thought    dropped by stages   pause     question <bot> <pause> ... <eot> answer
    pause_multi_pass    dropped by stages   pause     the same, one pass of the model a slot

A pause is one learned embedding, that of the token `<|latent|>`: the "fixed embedding" of later controls. A causal
model cannot tell whether its slots are computed in one pass or in several, so the last two are one function (a test
holds it); both exist so that the published comparison between them can be run.
"""

from dataclasses import dataclass
from typing import Literal

from coconut_core.slots import CONTENTS

MOST_SLOTS = 1 << 10
"""A question has fewer slots."""


@dataclass(frozen=True)
class Method:
    """One way to train and to decode."""

    name: str
    """As in a config's `method` and in a checkpoint's card."""
    label: str
    """As in tables and figures."""
    steps: Literal["kept", "dropped", "by stages", "by tokens"]
    """What becomes of the steps of reasoning in the training text: whole steps from the front, stage after stage
    (paper section 3), or tokens from the front (iCoT, Deng et al. 2024)."""
    slots: str
    """What is fed between question and answer: "none", or a name of `slots.CONTENTS`."""
    marks: bool
    """Whether `<bot>` follows the question and `<eot>` the slots; the official code leaves both out without slots."""
    passes: Literal["one", "many"] = "one"
    """Whether the slots are computed together or one after another, as those that depend on each other have to be."""

    @property
    def has_slots(self) -> bool:
        return self.slots != "none"

    @property
    def has_thoughts(self) -> bool:
        """Whether what is fed into a slot follows from what was computed before it."""
        return self.has_slots and CONTENTS[self.slots].follows_states

    @property
    def staged(self) -> bool:
        """Whether a stage of the curriculum changes the text."""
        return self.steps in ("by stages", "by tokens")

    def slot_count(self, thoughts: int) -> int:
        """Slots that `thoughts` thoughts take: none for a method without slots, whatever is asked for."""
        return thoughts if self.has_slots else 0


METHODS = {
    method.name: method
    for method in (
        Method("cot", "CoT", "kept", "none", marks=False),
        Method("no_cot", "No-CoT", "dropped", "none", marks=False),
        Method("icot", "iCoT", "by tokens", "none", marks=False),
        Method("pause_token", "Pause token", "dropped", "pause", marks=True),
        Method("coconut", "Coconut", "by stages", "thought", marks=True, passes="many"),
        Method("no_curriculum", "Coconut without curriculum", "dropped", "thought", marks=True, passes="many"),
        Method("no_thought", "Coconut without thought", "by stages", "none", marks=False),
        Method("pause_as_thought", "Pause as thought", "by stages", "pause", marks=True),
        Method("pause_multi_pass", "Pause as thought, a pass each", "by stages", "pause", marks=True, passes="many"),
    )
}
"""Every method by name."""
COCONUT = METHODS["coconut"]
