"""Every method's layout, as a reader would draw it, and one code for all of them."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from analyses.readings.values import node_values
from coconut_core import definition
from coconut_core.encoding import Encoder, pad_left
from coconut_core.generation import answers
from coconut_core.methods import METHODS
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.training.curriculum import Curriculum
from coconut_core.training.packing import pack
from tests.conftest import FLOAT32_LOSS, every_shape

PROBLEM = ProsqaProblem.from_text(
    "Tom is a rompus. Every rompus is a lempus. Bob is a wumpus. Is Tom a wumpus or lempus?"
)
QUESTION = "Tom is a rompus . Every rompus is a lempus . Bob is a wumpus . Is Tom a wumpus or lempus ?"
CHAIN = "Tom is a rompus . Every rompus is a lempus ."
REST = "Every rompus is a lempus ."
ANSWER = "### Tom is a lempus ."
DROPPED = f"| {ANSWER} <eos>"
FRAMED = "<|start-latent|> {slots} <|end-latent|> " + DROPPED
"""The bar stands before the first word that the model is trained to say. [ ] are slots computed in one pass."""

# For every method the text at stages 0, 1, 2, 3 = max_stage + 1, with one slot a step.
GOLDEN = {
    "cot": [f"| {CHAIN} {ANSWER} <eos>"] * 4,
    "no_cot": [DROPPED] * 4,
    # Six tokens a stage here; a step of these texts has as many or one less.
    "icot": [f"| {CHAIN} {ANSWER} <eos>", f"| rompus is a lempus . {ANSWER} <eos>", DROPPED, DROPPED],
    "pause_token": [FRAMED.format(slots="[pause pause]")] * 4,
    "coconut": [
        f"<|start-latent|> <|end-latent|> | {CHAIN} {ANSWER} <eos>",
        f"<|start-latent|> thought <|end-latent|> | {REST} {ANSWER} <eos>",
        FRAMED.format(slots="thought thought"),
        FRAMED.format(slots="thought thought"),
    ],
    "no_curriculum": [FRAMED.format(slots="thought thought")] * 4,
    "no_thought": [f"| {CHAIN} {ANSWER} <eos>", f"| {REST} {ANSWER} <eos>", DROPPED, DROPPED],
    "pause_as_thought": [
        f"<|start-latent|> <|end-latent|> | {CHAIN} {ANSWER} <eos>",
        f"<|start-latent|> [pause] <|end-latent|> | {REST} {ANSWER} <eos>",
        FRAMED.format(slots="[pause pause]"),
        FRAMED.format(slots="[pause pause]"),
    ],
    "pause_multi_pass": [
        f"<|start-latent|> <|end-latent|> | {CHAIN} {ANSWER} <eos>",
        f"<|start-latent|> pause <|end-latent|> | {REST} {ANSWER} <eos>",
        FRAMED.format(slots="pause pause"),
        FRAMED.format(slots="pause pause"),
    ],
}


def drawn(model, name, scheduled):
    """The layout of `PROBLEM` where `scheduled` is the stage, as text."""
    method = METHODS[name]
    curriculum = Curriculum(max_stage=2, method=method, tokens_per_stage=6)
    tokens = model.tokens
    encoded = Encoder(model.tokenizer, method).problems([PROBLEM])
    stages = [[{curriculum.effective_stage(scheduled): 1.0}]]
    batch = pack([encoded], stages, curriculum, thought=tokens.thought, padding=tokens.padding)
    word = {"thought": "thought", "pause": "pause", "none": ""}[method.slots]
    slots = " ".join([word] * len(batch.slots))
    if slots and method.passes == "one":
        slots = f"[{slots}]"
    before = model.tokenizer.convert_ids_to_tokens(batch.questions.ids[0])
    opening = model.tokenizer.convert_ids_to_tokens(batch.continuations.ids[0, :1])
    labels = model.tokenizer.convert_ids_to_tokens(batch.labels[0][batch.weights[0] > 0])
    parts = [*before, *([slots] if slots else []), *opening, "|", *labels]
    assert batch.questions.position[0].tolist() == list(range(len(before)))
    first = len(before) + len(batch.slots)
    assert batch.continuations.position[0].tolist() == list(range(first, first + len(labels)))
    return " ".join(parts)


@pytest.mark.parametrize("stage", range(4))
@pytest.mark.parametrize("name", METHODS)
def test_layout_of_every_method_at_every_stage(tiny_llama, name, stage):
    assert drawn(tiny_llama, name, stage) == f"{QUESTION} {GOLDEN[name][stage]}"


def of_method(model, name):
    return model.with_method(METHODS[name])


def pause_of(model):
    """The token of a pause, for methods whose slots hold pauses."""
    return model.tokens.thought if model.method.slots == "pause" else None


@every_shape
@pytest.mark.parametrize("name", METHODS)
def test_every_method_computes_what_one_full_pass_does(tiny_model, problems, name):
    """Loss against plain passes over the same tokens, for each way to fill the slots."""
    model = of_method(tiny_model, name)
    curriculum = Curriculum(max_stage=3, method=model.method)
    encoded = Encoder(model.tokenizer, model.method).problems(problems[:4])
    stage = curriculum.effective_stage(2)
    batch = pack(
        [[p] for p in encoded],
        [[{stage: 1.0}]] * 4,
        curriculum,
        thought=model.tokens.thought,
        padding=model.tokens.padding,
    )
    losses = []
    for problem in encoded:
        count = curriculum.thoughts_at(stage, len(problem.steps))
        fed = definition.think(model.lm, problem.question, count, pause_of(model))
        losses.append(definition.loss(model.lm, fed, [problem.opening, *curriculum.text_at(problem, stage)]))
    torch.testing.assert_close(model(batch).by_label, torch.cat(losses).detach(), **FLOAT32_LOSS)


@every_shape
@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_and_values_what_full_passes_do(tiny_model, problems, name):
    model = of_method(tiny_model, name)
    encoder = Encoder(model.tokenizer, model.method)
    some, ks = problems[:2], (0, 2)
    told, values = answers(model, some, ks=ks, max_new_tokens=5), node_values(model, some, ks=ks)
    end_of_text = encoder.tokens.end_of_text
    for index, problem in enumerate(some):
        question = encoder.questions([problem.question])[0]
        for at, k in enumerate(ks):
            fed = definition.think(model.lm, question.ids, model.method.slot_count(k), pause_of(model))
            said = definition.write(model.lm, fed, [question.opening], end_of_text, most=5)
            assert model.tokenizer.decode(said, skip_special_tokens=True).strip() == told.text[index][at].strip()
            forced = f"{problem.root_name} is a" if k == 0 else "Every"
            stem = [question.opening, *encoder.texts([forced])[0]]
            probability = definition.continue_with(model.lm, fed, stem)[-1].softmax(-1)
            for node, ids in enumerate(encoder.texts(list(problem.names))):
                assert len(ids) == 1
                assert values.value[index, at, node] == pytest.approx(probability[ids[0]].item(), rel=1e-10, abs=0)
            names = {ids[0] for ids in encoder.texts(list(problem.names))}
            off = sum(p for token, p in enumerate(probability.tolist()) if token not in names)
            assert values.off_graph[index, at] == pytest.approx(off, abs=1e-10, rel=0)


@pytest.mark.parametrize("name", METHODS)
def test_thinking_takes_the_passes_that_the_method_names(tiny_model, problems, name):
    model, passes = of_method(tiny_model, name), []
    questions = Encoder(model.tokenizer, model.method).questions([p.question for p in problems])
    hook = model.lm.base_model.register_forward_hook(lambda *_: passes.append(1))
    try:
        with torch.no_grad():
            model.think(*pad_left(questions, 0), 4)
    finally:
        hook.remove()
    expected = {"cot": 1, "no_cot": 1, "icot": 1, "no_thought": 1, "pause_token": 2, "pause_as_thought": 2}
    # The question, and every slot but the last, which is computed with whatever follows.
    assert len(passes) == expected.get(name, 4)


def test_passes_make_no_difference_to_pauses(tiny_model, problems):
    """Slots that do not depend on each other: in one pass or in several a causal model computes the same."""
    one, many = of_method(tiny_model, "pause_as_thought"), of_method(tiny_model, "pause_multi_pass")
    questions = Encoder(one.tokenizer, one.method).questions([p.question for p in problems])
    states = [model.think(*pad_left(questions, 0), 4).states for model in (one, many)]
    torch.testing.assert_close(*states, rtol=0, atol=1e-12)
    assert answers(one, problems, ks=(0, 3)).text == answers(many, problems, ks=(0, 3)).text
    curriculum = Curriculum(max_stage=3, method=one.method)
    encoded = Encoder(one.tokenizer, one.method).problems(problems)
    batch = pack(
        [[p] for p in encoded],
        [[{0: 0.5, 3: 0.5}]] * len(encoded),
        curriculum,
        thought=one.tokens.thought,
        padding=one.tokens.padding,
    )
    gradients = []
    for model in (one, many):
        trained = copy.deepcopy(model)
        trained(batch).mean.backward()
        gradients.append([p.grad for p in trained.parameters()])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=1e-9)


def test_methods_differ_where_they_should(tiny_model, problems):
    coconut = node_values(of_method(tiny_model, "coconut"), problems, ks=(0, 3))
    pause = node_values(of_method(tiny_model, "pause_as_thought"), problems, ks=(0, 3))
    np.testing.assert_allclose(coconut.value[:, 0], pause.value[:, 0], rtol=0, atol=1e-12)
    assert abs(coconut.off_graph[:, 1] - pause.off_graph[:, 1]).max() > 1e-3


def test_without_slots_thoughts_that_are_asked_for_change_nothing(tiny_model, problems):
    model = of_method(tiny_model, "cot")
    questions = Encoder(model.tokenizer, model.method).questions([p.question for p in problems])
    assert model.think(*pad_left(questions, 0), 3).states.shape[1] == 0
    told = answers(model, problems, ks=(0, 3), max_new_tokens=6)
    assert all(first == second for first, second in told.text)
    values = node_values(model, problems, ks=(1, 3))
    assert abs(values.off_graph[:, 0] - values.off_graph[:, 1]).max() < 1e-12


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"method": "sot"}, "method: 'sot' is unknown"),
        ({"c_thought": 0}, "c_thought: coconut needs slots"),
        ({"method": "pause_token", "uniform_prob": 0.0, "max_latent_stage": 0}, "pause_token needs slots"),
        ({"method": "cot"}, "uniform_prob: cot has no stages to mix"),
        ({"method": "no_thought", "stopping": "classifier"}, "stopping: no_thought has no thoughts"),
        ({"method": "pause_as_thought", "stopping": "classifier"}, "stopping: pause_as_thought has no thoughts"),
    ],
)
def test_impossible_combinations_are_refused(tiny_run, changes, told):
    from coconut_core.errors import InputError

    with pytest.raises(InputError, match=told):
        replace(tiny_run, **changes)
