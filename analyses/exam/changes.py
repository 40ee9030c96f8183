"""What instruments find that change or drop thoughts, or compare numbers of thoughts, problem by problem."""

from collections.abc import Callable, Sequence

import numpy as np

from analyses.exam import thresholds
from analyses.exam.reading import Found
from analyses.readings.changed_thoughts import answers_on_thoughts_of, changed_answers
from analyses.readings.representation.rewriting import Rewriting
from analyses.readings.study import Study
from coconut_core.errors import InputError


def changed(kind: str) -> Callable[[Study], Found]:
    """Problems whose answer is another one when all slots are changed as `kind` says."""

    def find(study: Study) -> Found:
        model, count = study.model.model, study.model.max_thoughts
        answered = changed_answers(model, study.problems, count, kind, range(1, count + 1))
        unchanged = study.all_answers(study.model).text
        return _differ(study, [text for (text,) in answered.text], [row[-1] for row in unchanged])

    return find


def dropped(study: Study) -> Found:
    """Problems whose answer without any thought is another one than after all."""
    texts = study.all_answers(study.model).text
    return _differ(study, [row[0] for row in texts], [row[-1] for row in texts])


def _differ(study: Study, some: Sequence[str], other: Sequence[str]) -> Found:
    final = study.task.final_answer
    return np.array([final(a) != final(b) for a, b in zip(some, other, strict=True)], bool)


def retold(study: Study) -> Found:
    """Problems whose answer is another one on the thoughts of the same problem retold."""

    def compute() -> Found:
        rng, model = np.random.default_rng(thresholds.SEED), study.model
        orders = [rng.permutation(len(problem.facts)).tolist() for problem in study.problems]
        twins = [study.task.retold(problem, order) for problem, order in zip(study.problems, orders, strict=True)]
        answered = answers_on_thoughts_of(model.model, study.problems, twins, model.max_thoughts)
        return _differ(study, [text for (text,) in answered.text], [row[-1] for row in study.all_answers(model).text])

    return study.cache(("retold", study.model.name), compute)


def read_from(mirrored: bool) -> Callable[[Study], Found]:
    """Problems whose answer turns to the other candidate on the thoughts of their mirror image, the same facts asked of
    another start, or else on those of the next problem's."""

    def find(study: Study) -> Found:
        mirrors = [study.task.asked_of_another(problem) for problem in study.problems]
        chosen = [index for index, mirror in enumerate(mirrors) if mirror is not None]
        if not chosen:
            return np.zeros(0, bool)
        problems, donors = [study.problems[at] for at in chosen], [mirrors[at] for at in chosen]
        donors = donors if mirrored else donors[1:] + donors[:1]
        model, final = study.model, study.task.final_answer
        written = answers_on_thoughts_of(model.model, problems, donors, model.max_thoughts)
        others = [final(problem.answer.replace(problem.target_name, problem.distractor_name)) for problem in problems]
        turned = [final(text) == other for (text,), other in zip(written.text, others, strict=True)]
        right = study.all_answers(model).correct[chosen, -1]
        return np.array(turned, bool)[right]

    return find


def rewritten(placebo: bool) -> Callable[[Study], Found]:
    """Pairs of problems that differ in one fact whose answer becomes the donor's when the frontier's part of a thought
    is the donor's, or when the thought moves as far elsewhere; none turns where nothing depends on the frontier. There
    is no pair where there are too few problems to learn what thoughts hold and to test it on others."""

    def find(study: Study) -> Found:
        own, k = study.model, thresholds.EXAMINED_AFTER
        try:
            rewriting = study.cache(("rewriting", own.name), lambda: Rewriting.of(study, own))
        except InputError:
            return np.zeros(0, bool)
        if rewriting.basis(k) is None:
            return np.zeros(len(rewriting.pairs.bases), bool)
        return rewriting.changed("rewrite", k, placebo)

    return find


def at_its_step(dealt: int) -> Callable[[Study], Found]:
    """Problems of h steps that are wrong after fewer than h thoughts, each time, and right after h and more; h that of
    the problem `dealt` places further on, of those that have as many thoughts as steps."""

    def find(study: Study) -> Found:
        written, steps = study.all_answers(study.model), [p.depth.get(p.target, 0) for p in study.problems]
        asked = [index for index, h in enumerate(steps) if 1 <= h <= written.ks[-1]]
        other = [steps[index] for index in asked[dealt:] + asked[:dealt]]
        rows = zip(written.correct[asked], other, strict=True)
        return np.array([not right[:h].any() and bool(right[h:].all()) for right, h in rows], bool)

    return find
