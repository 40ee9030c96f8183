"""The thought loop, the loss and the words against their definition, full passes of one text at a time."""

import ast
import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from coconut_core import definition
from coconut_core.columns import Columns
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.methods import METHODS
from coconut_core.model import CoconutModel
from coconut_core.training.curriculum import Curriculum
from coconut_core.training.packing import pack
from tests.conftest import FLOAT32_LOSS, every_family, make_tiny_model


def test_the_definition_can_be_read_alone():
    """It is what the fast ways are compared with: it must not call them."""
    tree = ast.parse(Path(definition.__file__).read_text())
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"torch", "torch.nn.functional", "transformers"}


@every_family
def test_a_thought_is_what_leaves_the_final_norm_at_the_position_before(tiny_model, problems):
    (question,) = Encoder(tiny_model.tokenizer).questions([problems[0].question])
    *_, norm = (
        part for name, part in tiny_model.lm.base_model.named_children() if name in ("norm", "ln_f", "final_layer_norm")
    )
    left = []
    watched = norm.register_forward_hook(lambda _, args, states: left.append(states[0, -1]))
    fed = definition.think(tiny_model.lm, question.ids, 3)
    watched.remove()
    assert torch.equal(fed[: len(question.ids)], tiny_model.lm.get_input_embeddings()(torch.tensor(question.ids)))
    assert torch.equal(fed[len(question.ids) :], torch.stack(left)) and len(left) == 3


@every_family
@pytest.mark.parametrize("method", ["coconut", "pause_as_thought"])
def test_thoughts_are_final_hidden_states_batched_or_alone(tiny_model, problems, method):
    model = CoconutModel(tiny_model.lm, tiny_model.tokenizer, METHODS[method])
    pause = model.tokens.thought if method == "pause_as_thought" else None
    questions = Encoder(model.tokenizer).questions([p.question for p in problems])
    assert len({len(q.ids) for q in questions}) > 1, "padding must matter"
    batch = model.think(*pad_left(questions, model.tokens.padding), 4)
    for row, question in enumerate(questions):
        alone = model.think(*pad_left([question], 0), 4)
        fed = definition.think(model.lm, question.ids, 4, pause)
        states = definition.final_states(model.lm, fed)[len(question.ids) - 1 : -1]
        torch.testing.assert_close(batch.states[row], states, rtol=0, atol=1e-10)
        torch.testing.assert_close(alone.states[0], states, rtol=0, atol=1e-10)
        if pause is None:
            torch.testing.assert_close(batch.states[row], fed[len(question.ids) :], rtol=0, atol=1e-10)


def first_columns(model, problems):
    """Of three problems, the first 21 tokens."""
    ids = torch.tensor([Encoder(model.tokenizer).questions([p.question])[0].ids[:21] for p in problems[:3]])
    position = torch.arange(21).expand(3, -1)
    return Columns(ids, position, position, torch.full_like(ids, 100))


def layers_of(model):
    return next(part for part in model.lm.base_model.children() if isinstance(part, torch.nn.ModuleList))


@pytest.mark.parametrize("read", [[20], [5, 20], [0, 1, 2]])
def test_the_last_layer_computes_the_states_that_are_read(tiny_model, problems, read):
    columns = first_columns(tiny_model, problems)
    mask = torch.zeros(21, dtype=torch.bool)
    mask[read] = True
    seen = []
    layers = layers_of(tiny_model)
    watched = [layer.mlp.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[1])) for layer in layers]
    some, context = tiny_model.extend(None, columns, read=mask)
    everything, whole = tiny_model.extend(None, columns)
    for hook in watched:
        hook.remove()
    assert seen == [21] * (len(layers) - 1) + [len(read)] + [21] * len(layers)
    torch.testing.assert_close(some[:, read], everything[:, read], rtol=0, atol=1e-12)
    for narrow, wide in zip(context.cache.layers, whole.cache.layers, strict=True):
        torch.testing.assert_close(narrow.keys, wide.keys, rtol=0, atol=1e-12)
        torch.testing.assert_close(narrow.values, wide.values, rtol=0, atol=1e-12)


def test_a_pass_may_run_while_another_thread_is_in_the_last_layer(tiny_model, problems):
    columns = first_columns(tiny_model, problems)
    everything, _ = tiny_model.extend(None, columns)
    read, found = torch.arange(21) == 20, []

    def meanwhile(*_):
        if threading.current_thread() is threading.main_thread():
            found.append(other.submit(tiny_model.extend, None, columns).result()[0])

    with ThreadPoolExecutor(1) as other:
        watched = layers_of(tiny_model)[-1].register_forward_hook(meanwhile)
        some, _ = tiny_model.extend(None, columns, read=read)
        watched.remove()
    torch.testing.assert_close(some[:, read], everything[:, read], rtol=0, atol=1e-12)
    torch.testing.assert_close(found[0], everything, rtol=0, atol=1e-12)


def test_two_models_over_one_language_model_are_the_same(tiny_model, problems):
    questions = pad_left(Encoder(tiny_model.tokenizer).questions([p.question for p in problems]), 0)
    again = CoconutModel(tiny_model.lm, tiny_model.tokenizer)
    assert torch.equal(again.think(*questions, 3).states, tiny_model.think(*questions, 3).states)


def test_no_thoughts_are_no_columns(tiny_model, problems):
    questions = Encoder(tiny_model.tokenizer).questions([p.question for p in problems])
    thoughts = tiny_model.think(*pad_left(questions, 0), 0)
    assert thoughts.states.shape == (len(problems), 0, 32)
    assert thoughts.context.columns.width == max(len(question.ids) for question in questions)


@pytest.mark.parametrize("slots", ["thought", "pause"])
def test_removed_thoughts_are_not_attended_to(tiny_model, problems, slots):
    model = tiny_model.with_method(METHODS["coconut" if slots == "thought" else "pause_as_thought"])
    questions = Encoder(model.tokenizer).questions([p.question for p in problems[:3]])
    batch = model.think(*pad_left(questions, 0), 4, removed=[2])
    for row, question in enumerate(questions):
        length = len(question.ids)
        # The definition has no removed slots: here the same full passes, with a mask.
        embeddings = model.lm.get_input_embeddings()(torch.tensor([question.ids]))
        for slot in range(length, length + 4):
            seen = torch.ones(slot, slot, dtype=torch.bool).tril()
            seen[length + 2 :, length + 1 : length + 2] = False
            bias = torch.zeros(seen.shape, dtype=embeddings.dtype).masked_fill(~seen, -1e30)
            out = model.lm(
                inputs_embeds=embeddings, attention_mask=bias[None, None], output_hidden_states=True, use_cache=False
            )
            state = out.hidden_states[-1][:, -1:]
            torch.testing.assert_close(batch.states[row, slot - length], state[0, 0], rtol=0, atol=1e-10)
            pause = model.lm.get_input_embeddings().weight[model.tokens.thought].expand_as(state)
            embeddings = torch.cat([embeddings, state if slots == "thought" else pause], 1)
    clean = model.think(*pad_left(questions, 0), 4)
    torch.testing.assert_close(batch.states[:, :3], clean.states[:, :3])
    assert (batch.states[:, 3] - clean.states[:, 3]).abs().max() > 1e-6


def test_replaced_thoughts_are_fed(tiny_model, problems):
    ids, mask = pad_left(Encoder(tiny_model.tokenizer).questions([p.question for p in problems]), 0)
    own = tiny_model.think(ids, mask, 3)
    same = tiny_model.think(ids, mask, 3, edit=lambda k, fed: own.states[:, k - 1 : k])
    torch.testing.assert_close(own.states, same.states, rtol=0, atol=1e-12)
    zero = tiny_model.think(ids, mask, 3, edit=lambda k, fed: fed * 0 if k == 2 else fed)
    torch.testing.assert_close(own.states[:, :2], zero.states[:, :2])
    # The thought after the one that was changed is computed from the change.
    question = Encoder(tiny_model.tokenizer).questions([problems[0].question])[0]
    fed = definition.think(tiny_model.lm, question.ids, 1)
    fed = torch.cat([fed, torch.zeros_like(fed[-1:])])
    expected = definition.final_states(tiny_model.lm, fed)[-1]
    torch.testing.assert_close(zero.states[0, 2], expected, rtol=0, atol=1e-10)


def label_losses(model, problems, stages, curriculum):
    """Loss of every label by definition, one sample and stage at a time."""
    losses = []
    for problem, stage in zip(Encoder(model.tokenizer).problems(problems), stages, strict=True):
        fed = definition.think(model.lm, problem.question, curriculum.thoughts_at(stage, len(problem.steps)))
        losses.append(definition.loss(model.lm, fed, [problem.opening, *curriculum.text_at(problem, stage)]))
    return losses


def packed(model, rows, stages, curriculum):
    tokens = model.tokens
    encoder = Encoder(model.tokenizer)
    encoded = [encoder.problems(row) for row in rows]
    return pack(encoded, stages, curriculum, thought=tokens.thought, padding=tokens.padding)


@every_family
def test_loss_is_that_of_one_full_pass_each(tiny_model, problems):
    curriculum = Curriculum(max_stage=3)
    stages = [index % 5 for index in range(len(problems))]
    batch = packed(tiny_model, [[p] for p in problems], [[{s: 1.0}] for s in stages], curriculum)
    loss = tiny_model(batch)
    expected = torch.cat(label_losses(tiny_model, problems, stages, curriculum))
    torch.testing.assert_close(loss.by_label, expected.detach(), **FLOAT32_LOSS)
    torch.testing.assert_close(loss.mean, expected.mean(), **FLOAT32_LOSS | {"atol": 5e-7})


@every_family
def test_many_questions_and_stages_share_one_encoding(tiny_model, problems):
    import numpy as np

    from coconut_core.problems.prosqa.further_questions import further_questions

    curriculum = Curriculum(max_stage=3, uniform_prob=0.5)
    rows = [[p, *further_questions(p, 1, np.random.default_rng(0))] for p in problems]
    rows = [row for row in rows if len(row) == 2][:4]
    assert rows, "the problems must offer a second question"
    stages = [[curriculum.stage_probabilities(4, len(p.steps)) for p in row] for row in rows]
    loss = tiny_model(packed(tiny_model, rows, stages, curriculum))
    total, weight = 0.0, 0.0
    for row, weights in zip(rows, stages, strict=True):
        for problem, by_stage in zip(row, weights, strict=True):
            for stage, share in by_stage.items():
                (losses,) = label_losses(tiny_model, [problem], [stage], curriculum)
                total, weight = total + share * losses.sum(), weight + share * len(losses)
    torch.testing.assert_close(loss.mean, total / weight, **FLOAT32_LOSS | {"atol": 1e-6})


@every_family
def test_gradients_flow_through_every_thought(tiny_model, problems):
    """The gradient of the packed, cached forward is that of full passes, where nothing can be cut off."""
    curriculum = Curriculum(max_stage=3)
    stages = [3] * 4
    batch = packed(tiny_model, [[p] for p in problems[:4]], [[{s: 1.0}] for s in stages], curriculum)
    ours, plain = copy.deepcopy(tiny_model), copy.deepcopy(tiny_model)
    ours(batch).mean.backward()
    torch.cat(label_losses(plain, problems[:4], stages, curriculum)).mean().backward()
    for (name, mine), other in zip(ours.named_parameters(), plain.parameters(), strict=True):
        # Not 1e-10: the loss is float32, and so is the inside of Llama's norms, also in a model of float64.
        torch.testing.assert_close(mine.grad, other.grad, rtol=0, atol=2e-6, msg=name)
    states = tiny_model.think(batch.questions.ids, (batch.questions.position >= 0).long(), 3).states
    assert states.requires_grad


def test_autograd_keeps_keys_and_values_once(tiny_model, problems):
    """Every thought and the continuations read them from the memory that the question's were written into."""
    batch = packed(tiny_model, [[p] for p in problems[:4]], [[{3: 1.0}]] * 4, Curriculum(max_stage=3))
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: kept.append(saved) or saved, lambda saved: saved):
        tiny_model(batch)
    question, text = batch.questions.width, batch.continuations.width
    wholes = [each for each in kept if each.ndim == 4 and each.shape[-2] > question]
    assert {each.shape[-2] for each in wholes} == {question + 1, question + 2, question + 3 + text}
    layers = tiny_model.lm.config.num_hidden_layers
    assert len({each.untyped_storage().data_ptr() for each in wholes}) == 2 * layers


def test_under_autocast_keys_and_values_are_kept_as_attention_reads_them(tiny_llama, problems):
    """Rotated keys come in full precision: cast as one, they would be copied for every thought."""
    batch = packed(tiny_llama, [[p] for p in problems[:4]], [[{3: 1.0}]] * 4, Curriculum(max_stage=3))
    kept = []
    with (
        torch.autograd.graph.saved_tensors_hooks(lambda saved: kept.append(saved) or saved, lambda saved: saved),
        torch.autocast("cpu", torch.bfloat16),
    ):
        tiny_llama(batch)
    wholes = [each for each in kept if each.ndim == 4 and each.shape[-2] > batch.questions.width]
    assert {each.dtype for each in wholes} == {torch.bfloat16}
    layers = tiny_llama.lm.config.num_hidden_layers
    assert len({each.untyped_storage().data_ptr() for each in wholes}) == 2 * layers


def test_a_text_longer_than_the_positions_is_told_and_writing_ends_there(problems):
    model = make_tiny_model("gpt2")
    question = Encoder(model.tokenizer).questions([problems[0].question])
    length = len(question[0].ids)
    model.lm.config.n_positions = length + 2
    model.lm.transformer.wpe = torch.nn.Embedding(length + 2, 32)
    with pytest.raises(InputError, match=f"{length + 3} tokens is longer than the {length + 2}"):
        model.think(*pad_left(question, 0), 3)
    model.lm.config.n_positions = length + 9
    model.lm.transformer.wpe = torch.nn.Embedding(length + 9, 32)
    told = answers(model, problems[:1], ks=(0, 3), max_new_tokens=50)
    assert told.tokens.max() <= 9 - 3
    batch = packed(model, [[problems[0]]], [[{0: 1.0}]], Curriculum(max_stage=3))
    with pytest.raises(InputError, match="positions for"):
        model(batch)


@pytest.mark.parametrize("gradients", [False, True])
def test_continuing_leaves_other_branches_as_they_were(tiny_model, problems, gradients):
    """What grows from the same thoughts, in turn, does not write over what another branch reads."""
    ids, mask = pad_left(Encoder(tiny_model.tokenizer).questions([p.question for p in problems]), 0)

    def slot(thoughts, k):
        return tiny_model._slot(thoughts.begin[:, None], k, removed=False)

    with torch.set_grad_enabled(gradients):
        thoughts = tiny_model.think(ids, mask, 2)
        columns, before = thoughts.context.columns, thoughts.context.cache.get_seq_length()
        first, one = tiny_model.continue_from(thoughts, slot(thoughts, 3))
        expected, _ = tiny_model.continue_from(one, slot(thoughts, 4))
        for other in (replace(slot(thoughts, 3), ids=slot(thoughts, 3).ids + 1), slot(thoughts, 3)):
            hidden, more = tiny_model.continue_from(thoughts, other)
            tiny_model.continue_from(more, slot(thoughts, 4))
        again, _ = tiny_model.continue_from(one, slot(thoughts, 4))
    assert thoughts.context.columns is columns and thoughts.context.cache.get_seq_length() == before
    torch.testing.assert_close(first, hidden, rtol=0, atol=0)
    torch.testing.assert_close(expected, again, rtol=0, atol=0)


@every_family
@pytest.mark.parametrize("chain", [False, True])
@pytest.mark.parametrize("ks", [(0, 2, 3), (3,)])
def test_words_are_those_of_one_row_without_a_cache(tiny_model, problems, ks, chain):
    told = answers(tiny_model, problems[:5], ks=ks, max_new_tokens=6, chain=chain)
    encoder = Encoder(tiny_model.tokenizer)
    for index, problem in enumerate(problems[:5]):
        ids = encoder.questions([problem.question])[0].ids
        for at, k in enumerate(ks):
            opens = f"{problem.root_name} is a" if k == 0 else "Every"
            forced = encoder.texts([opens])[0] if chain else []
            fed, opening = definition.think(tiny_model.lm, ids, k), [tiny_model.tokens.end, *forced]
            words = [*forced, *definition.write(tiny_model.lm, fed, opening, tiny_model.tokens.end_of_text, most=6)]
            assert told.text[index][at] == tiny_model.tokenizer.decode(words, skip_special_tokens=True)
            assert told.tokens[index, at] == len(words)
