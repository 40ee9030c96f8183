"""The works that are timed in two ways (`ratios.py`).

The plain ways are what the published code does, written down as simply as possible: full passes over the prefix for
every thought and every word, no cache, one problem and one number of thoughts at a time, logits everywhere.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from analyses.readings.problem_readings import ProblemReadings, problem_readings
from analyses.readings.values import NodeValues, node_values, usual_opening
from benchmarks.ratios import Contest
from coconut_core.encoding import EncodedProblem, Encoder
from coconut_core.generation import Answers, answers
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of
from coconut_core.training.curriculum import Curriculum
from coconut_core.training.packing import pack_parts

THOUGHTS = 6
LONGEST_ANSWER = 16
"""Tokens that the official evaluation lets a model write, at most, where the answer is a sentence."""
LONGEST_CHAIN = 64
"""Tokens that a model may write where it writes all steps before the answer."""
KS = tuple(range(THOUGHTS + 1))


def contests(model: CoconutModel, problems: Sequence[GraphProblem], few: int) -> list[Contest]:
    """The works that everything else is made of; `few` problems where the plain way goes one by one."""
    some = problems[:few]
    return [
        _stages(model, some),
        training_step(model, some),
        _values(model, some),
        _floor(model, problems),
        _answers(model, some),
        _page(model, some),
    ]


def train_on(
    model: CoconutModel, encoded: Sequence[EncodedProblem], stages: Sequence[int], *, bf16: bool = False
) -> tuple[float, float]:
    """Gradients of the loss of all `stages` of problems that share no facts, part by part as training computes them.

    Returns the mean loss and its sum over the labels; the gradients are left in the model.
    """
    parts = pack_parts(
        [[problem] for problem in encoded],
        [[dict.fromkeys(stages, 1.0)] for _ in encoded],
        Curriculum(max_stage=THOUGHTS),
        columns_at_once=model.columns_at_once,
        thought=model.tokens.thought,
        padding=model.tokens.padding,
    )
    mean = total = 0.0
    for part in parts:
        with torch.autocast(model.device.type, torch.bfloat16, enabled=bf16):
            loss = model(part.to(model.device))
        (loss.mean * part.share).backward()
        mean += loss.mean.item() * part.share
        total += float(loss.by_label.sum())
    return mean, total


def _stages(model: CoconutModel, problems: Sequence[GraphProblem]) -> Contest:
    """All stages of a sample in one step against a step each."""
    encoded = Encoder(model.tokenizer).problems(problems)

    def step(stages: Sequence[int]) -> float:
        _, total = train_on(model, encoded, stages)
        model.zero_grad()
        return total

    return Contest(
        "7 stages of a sample in one step, against 7 steps",
        lambda: step(KS),
        lambda: sum(step([stage]) for stage in KS),
        lambda a, b: abs(a - b) < 1e-3 * abs(b),
        least=1.5,
        target=3.0,
    )


def training_step(model: CoconutModel, problems: Sequence[GraphProblem]) -> Contest:
    """A training step with six thoughts against full passes with logits everywhere."""
    encoded = Encoder(model.tokenizer).problems(problems)
    tokens, lm = model.tokens, model.lm

    def ours() -> float:
        mean, _ = train_on(model, encoded, [THOUGHTS + 1])
        model.zero_grad()
        return mean

    def plain() -> float:
        rows = [(p.question, [p.opening, *p.answer]) for p in encoded]
        width = max(len(question) for question, _ in rows)
        tail = max(len(text) for _, text in rows)
        ids = torch.full((len(rows), width + THOUGHTS + tail), tokens.padding, device=model.device)
        labels = torch.full_like(ids, -100)
        mask = torch.zeros_like(ids)
        for row, (question, text) in enumerate(rows):
            start = width - len(question)
            ids[row, start : start + len(question)] = torch.tensor(question)
            ids[row, width : width + THOUGHTS] = tokens.thought
            stop = width + THOUGHTS + len(text)
            ids[row, width + THOUGHTS : stop] = torch.tensor(text)
            labels[row, width + THOUGHTS + 1 : stop] = torch.tensor(text[1:])
            mask[row, start:stop] = 1
        position = (mask.cumsum(1) - 1).clamp(min=0)
        embeddings = lm.get_input_embeddings()(ids)
        for k in range(THOUGHTS):
            out = lm(inputs_embeds=embeddings, attention_mask=mask, position_ids=position, output_hidden_states=True)
            before = width + k
            thought = out.hidden_states[-1][:, before - 1 : before]
            embeddings = torch.cat([embeddings[:, :before], thought, embeddings[:, before + 1 :]], 1)
        logits = lm(inputs_embeds=embeddings, attention_mask=mask, position_ids=position).logits
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        loss.backward()
        model.zero_grad()
        return loss.item()

    return Contest("a training step with 6 thoughts, against full passes", ours, plain, _close, least=1.5)


def _values(model: CoconutModel, problems: Sequence[GraphProblem]) -> Contest:
    """Values of all nodes for k = 0..6 against one problem and one k at a time."""

    def plain() -> np.ndarray:
        found = [[node_values(model, [p], ks=(k,)).off_graph[0, 0] for k in KS] for p in problems]
        return np.array(found)

    return Contest(
        "values for k = 0..6, against one problem and k at a time",
        lambda: node_values(model, problems, ks=KS).off_graph,
        plain,
        lambda a, b: np.abs(a - b).max() < 1e-4,
        least=2.0,
    )


def _floor(model: CoconutModel, problems: Sequence[GraphProblem]) -> Contest:
    """Values against one plain batched pass over the same prefixes, thoughts given: what any way has to compute."""
    encoder, tokens, lm = Encoder(model.tokenizer), model.tokens, model.lm
    questions = encoder.questions([p.question for p in problems])
    task = task_of(problems)
    usual = usual_opening(task, None)
    rows = [
        [*q.ids, *[tokens.thought] * k, tokens.end, *encoder.texts([task.opening(problem, k, usual)])[0]]
        for problem, q in zip(problems, questions, strict=True)
        for k in KS
    ]
    width = max(map(len, rows))
    ids = torch.tensor([[tokens.padding] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    position = (mask.cumsum(1) - 1).clamp(min=0)

    def plain() -> None:
        with torch.inference_mode():
            for start in range(0, len(rows), 32 * len(KS)):
                part = slice(start, start + 32 * len(KS))
                hidden = lm.base_model(input_ids=ids[part], attention_mask=mask[part], position_ids=position[part])
                lm.get_output_embeddings()(hidden.last_hidden_state[:, -1]).softmax(-1)

    return Contest(
        "values for k = 0..6, against one plain pass over the same prefixes (the floor)",
        lambda: node_values(model, problems, ks=KS),
        plain,
        lambda a, b: True,  # the plain pass is given placeholders for thoughts: its work is compared, not its result
        least=0.2,
        target=1 / 1.5,
    )


def _answers(model: CoconutModel, problems: Sequence[GraphProblem]) -> Contest:
    """Answers after six thoughts against one problem at a time, every word by a full pass."""
    encoder, tokens, lm = Encoder(model.tokenizer), model.tokens, model.lm
    questions = encoder.questions([p.question for p in problems])

    def plain() -> list[str]:
        texts = []
        with torch.inference_mode():
            for question in questions:
                embeddings = lm.get_input_embeddings()(torch.tensor([question.ids]))
                for _ in range(THOUGHTS):
                    out = lm(inputs_embeds=embeddings, output_hidden_states=True, use_cache=False)
                    embeddings = torch.cat([embeddings, out.hidden_states[-1][:, -1:]], 1)
                written = [question.opening]
                for _ in range(LONGEST_ANSWER):
                    more = lm.get_input_embeddings()(torch.tensor([written]))
                    logits = lm(inputs_embeds=torch.cat([embeddings, more], 1), use_cache=False).logits
                    token = int(logits[0, -1].argmax())
                    if token == tokens.end_of_text:
                        break
                    written.append(token)
                texts.append(model.tokenizer.decode(written[1:], skip_special_tokens=True))
        return texts

    return Contest(
        "answers after 6 thoughts, against one problem at a time by full passes",
        lambda: [row[0] for row in answers(model, problems, ks=(THOUGHTS,), max_new_tokens=LONGEST_ANSWER).text],
        plain,
        lambda a, b: a == b,
        least=3.0,
    )


def _page(model: CoconutModel, problems: Sequence[GraphProblem]) -> Contest:
    """What a page shows of a problem, branching off one encoding, against a call for each kind of reading."""
    usual, *others = task_of(problems).openings

    def plain(problem: GraphProblem) -> tuple[list[NodeValues], Answers]:
        values = [node_values(model, [problem], ks=KS, opening=usual)]
        values += [node_values(model, [problem], ks=(0,), opening=other) for other in others]
        return values, answers(model, [problem], ks=KS, max_new_tokens=LONGEST_CHAIN)

    def same(ours: list[ProblemReadings], separate: list[tuple[list[NodeValues], Answers]]) -> bool:
        return all(
            read.answers.text == written.text
            and all(
                np.allclose(own.value, other.value, rtol=0, atol=1e-4)
                for own, other in zip([read.values, *read.other_openings.values()], values, strict=True)
            )
            for read, (values, written) in zip(ours, separate, strict=True)
        )

    return Contest(
        "everything a page shows of one problem, against a call for each reading",
        lambda: [problem_readings(model, problem, KS, max_new_tokens=LONGEST_CHAIN) for problem in problems],
        lambda: [plain(problem) for problem in problems],
        same,
        least=1.5,
        target=2.0,
    )


def _close(a: float, b: float) -> bool:
    return abs(a - b) < 1e-3 * max(abs(b), 1e-3)
