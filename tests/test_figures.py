"""What the figures show, on values made by hand, and that every one can be drawn from any model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analyses.figures.calibration import calibration
from analyses.figures.early_stopping import EarlyStopping, early_stopping
from analyses.figures.graph_statistics import graph_statistics
from analyses.figures.height import height
from analyses.figures.interventions import interventions
from analyses.figures.one_problem.case_study import case_study
from analyses.figures.one_problem.search_tree import search_tree
from analyses.figures.parallelism import parallelism
from analyses.figures.process_by_k import process_by_k
from analyses.figures.search.commitment import commitment
from analyses.figures.search.search_order import search_order
from analyses.figures.search.superposition import superposition
from analyses.figures.search.turns import turns
from analyses.figures.stopping import Stopping, stopping
from analyses.figures.thoughts_per_step import thoughts_per_step
from analyses.readings.study import READINGS, Study, Subject, untrained
from analyses.readings.values import NodeValues
from analyses.report.report import FIGURES
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.generation import Answers, answers
from coconut_core.methods import METHODS
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.registry import task_of
from coconut_core.stopping import StopClassifier

# Tom -> rompus, lempus, zumpus; rompus -> wumpus (the target); lempus -> gorpus.
PROBLEM = ProsqaProblem.from_text(
    "Tom is a rompus. Tom is a lempus. Tom is a zumpus. Every rompus is a wumpus. Every lempus is a gorpus. "
    "Bob is a numpus. Is Tom a numpus or wumpus?"
)
AT = {name: node for node, name in enumerate(PROBLEM.names)}
BY_K = {
    0: {"rompus": 0.6, "lempus": 0.3, "zumpus": 0.05},
    1: {"rompus": 0.5, "lempus": 0.2, "zumpus": 0.1, "wumpus": 0.1},
    2: {"wumpus": 0.2, "gorpus": 0.6},
}


class HandMade(Study):
    """A study of one subject whose readings are given."""

    def __init__(self, model, values=None, answers=None):
        self.subjects, self.problems = (Subject("hand", "Hand-made", "model", Checkpoint(model)),), (PROBLEM,)
        self.task = task_of(self.problems)
        self.values, self.answers, self.all_answers = lambda _: values, lambda _: answers, lambda _: answers


def loaded(model, method="coconut", **card):
    return Checkpoint(model.with_method(METHODS[method]), card)


@pytest.fixture
def by_hand(tiny_llama):
    value = np.zeros((1, 7, len(PROBLEM.names)))
    for k, named in BY_K.items():
        for name, p in named.items():
            value[0, k, AT[name]] = p
    return HandMade(tiny_llama, NodeValues((PROBLEM,), tuple(range(7)), "entity", value, np.zeros_like(value)))


def test_parallelism_sums_the_largest_candidates(by_hand):
    found = parallelism(by_hand)
    assert found.top[0, 0, 1] == pytest.approx([0.5, 0.7, 0.8])
    assert found.top[0, 0, 2] == pytest.approx([0.6, 0.8, 0.8])
    # wumpus is not a candidate at k = 1: its .1 is off the candidates, as is the .1 of everything else.
    assert found.mass[0, 0, :3] == pytest.approx([0.95, 0.8, 0.8])
    assert np.isnan(found.top[0, 0, 3:]).all()
    frame = found.frame().set_index(["k", "quantity"])
    assert frame.loc[(1, "top 1"), "mean"] == pytest.approx(0.5)
    assert frame.loc[(1, "top 1, share of candidates"), "mean"] == pytest.approx(0.5 / 0.8)
    assert frame.loc[(1, "off the candidates"), "mean"] == pytest.approx(0.2)
    assert frame.loc[(1, "top 1"), "paper_p50"] == 0.77


def test_entropy_is_of_the_shares_of_candidates(by_hand):
    frame = commitment(by_hand).frame().set_index("k")
    shares = np.array([0.5, 0.2, 0.1]) / 0.8
    entropy = -(shares * np.log(shares)).sum()
    assert frame.loc[1, "effective"] == pytest.approx(np.exp(entropy))
    assert frame.loc[1, "normalised_entropy"] == pytest.approx(entropy / np.log(3))
    assert frame.loc[2, "candidates"] == 2 and list(frame.index) == [0, 1, 2]


def test_order_is_that_of_the_distance_to_the_target(by_hand):
    frame = search_order(by_hand).frame().set_index("k")
    # At k = 1 rompus reaches the target, the two others do not and are not told apart: both pairs are in order.
    assert frame.loc[1, "agreement"] == 1 and frame.loc[1, "top_1_correct"] == 1
    assert frame.loc[1, "chance"] == pytest.approx(1 / 3)
    # At k = 2 gorpus has the greater value and does not reach the target.
    assert frame.loc[2, "agreement"] == 0 and frame.loc[2, "top_1_correct"] == 0


def test_a_search_turns_where_the_new_best_cannot_be_reached_from_the_old(by_hand):
    frame = turns(by_hand).frame().set_index(["measure", "k"])
    # rompus is best at k = 1, gorpus at k = 2: of wumpus and gorpus, only wumpus can be reached from it.
    assert list(frame.loc[("turned", 2), ["n", "found", "chance"]]) == [1, 1, 0.5]
    # rompus leads to the target, so that there is nothing to be put right.
    assert frame.loc[("put_right", 2), "n"] == 0 and frame.loc[("turned", 3), "n"] == 0


def test_height_has_both_definitions_and_the_degree(by_hand):
    nodes = height(by_hand).nodes
    one = nodes[(nodes["k"] == 1)].set_index("node")
    assert one.loc[AT["rompus"], ["height_shortest", "height_longest", "in_degree"]].tolist() == [1, 1, 1]
    assert one.loc[AT["zumpus"], "height_shortest"] == 0
    assert one["correct"].to_dict() == {AT["rompus"]: True, AT["lempus"]: False, AT["zumpus"]: False}


def test_calibration_bins_candidates_by_value(by_hand):
    frame = calibration(by_hand).frame()
    here = frame[(frame["k"] == 1) & (frame["from"] == 0.5)].iloc[0]
    assert (here["n"], here["mean_value"], here["correct"]) == (1, 0.5, 1.0)
    assert frame.groupby("k")["n"].sum().to_dict() == {0: 3, 1: 3, 2: 2}


def test_first_and_stable_matches():
    same = np.array([[[True, False, True, True], [False, True, False, True], [True, True, True, True]]])
    frame = EarlyStopping(("Hand-made",), tuple(same)).frame().set_index("k")
    assert frame["first_match"].tolist() == pytest.approx([2 / 3, 1, 1, 1])
    assert frame["stable_match"].tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])


def test_final_answers_are_compared_and_not_chains(tiny_llama):
    words = ("Tom is a rompus. ### Tom is a wumpus.", "### Tom is a wumpus.")
    told = Answers((0, 6), (words,), np.array([[True, True]]), np.array([[9, 5]]))
    (same,) = early_stopping(HandMade(tiny_llama, answers=told)).same
    assert same.tolist() == [[True, True]]


def test_stopping_costs_what_is_lost_beside_its_controls():
    """Four problems and three thoughts, right from the first, the second and the third thought on, and never."""
    correct = np.array([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [1, 1, 0, 0]], bool)
    scores = np.array([[2.0, 2, 2], [-1, 1, 2], [-2, 0.5, 2], [-3, -3, -3]])
    result = Stopping(("Hand-made",), (scores,), (correct,), (0.0,), (0.3,))
    frame = result.frame()
    rows = frame[frame["chosen"]].set_index("rule")
    chosen, random = rows.loc["classifier"], rows.loc["random"]
    # It stops after 1, 2, 2 and 3: the third problem is lost.
    assert (chosen["mean_thoughts"], chosen["accuracy"], chosen["difference"], chosen["n"]) == (2, 0.5, -0.25, 4)
    assert chosen["low"] < 0.5 < chosen["high"] and chosen["difference_low"] < -0.25 < chosen["difference_high"]
    assert random["mean_thoughts"] == 2 and random["accuracy"] == pytest.approx((2 / 4 + 2 * 2 / 4 + 3 / 4) / 4)
    fixed, oracle = frame[frame["rule"] == "fixed"], frame[frame["rule"] == "oracle"].iloc[0]
    assert fixed["mean_thoughts"].tolist() == [0, 1, 2, 3] and fixed["accuracy"].tolist() == [0.25, 0.5, 0.5, 0.75]
    assert (oracle["mean_thoughts"], oracle["accuracy"]) == ((1 + 2 + 3 + 3) / 4, 0.75)
    curve = frame[frame["rule"] == "classifier"]
    assert curve["threshold"].is_monotonic_increasing and curve["mean_thoughts"].is_monotonic_increasing
    assert frame["chosen"].sum() == 2 and "at most 30.0%" in result.caption()
    never = Stopping(("Hand-made",), (scores,), (correct,), (np.inf,), (None,))
    rows = never.frame().query("chosen and rule == 'classifier'")
    assert rows["mean_thoughts"].item() == 3 and rows["difference"].item() == 0 and "at most" not in never.caption()
    assert never.figure().data


def test_only_models_with_a_stop_classifier_have_a_curve(tiny_llama, problems):
    with pytest.raises(InputError, match="tiny: has no stop classifier; fit one with `coconut fit-stopping`"):
        stopping(Study([("tiny", loaded(tiny_llama))], problems))
    classifier = StopClassifier(torch.randn(32), torch.zeros(()))
    nine = Checkpoint(tiny_llama, {"max_thoughts": 9}, classifier)
    result = stopping(Study([("nine", nine), ("tiny", loaded(tiny_llama))], problems[:4]))
    assert [scores.shape for scores in result.scores] == [(4, 9)] and result.correct[0].shape == (4, 10)


def test_process_by_k_counts_classes_and_answers_apart(tiny_llama):
    words = (
        "Tom is a rompus. Every rompus is a wumpus. ### Tom is a wumpus.",
        "Every numpus is a wumpus. ### Tom is a wumpus.",
    )
    told = Answers((0, 1), (words,), np.array([[True, True]]), np.array([[9, 5]]))
    frame = process_by_k(HandMade(tiny_llama, answers=told)).frame()
    found = frame[frame["count"] == 1].set_index("k")
    assert found["process"].to_dict() == {0: "correct path", 1: "hallucination"}
    assert (found["accuracy"] == 1).all()
    assert found.loc[0, "paper_accuracy"] == 0.868 and found.loc[0, "paper_share"] == 317 / 500


def test_published_numbers_stand_beside_their_own_task_alone(by_hand, tiny_llama, monkeypatch):
    words = ("### Tom is a wumpus.",) * 7
    answered = Answers(tuple(range(7)), (words,), np.ones((1, 7), bool), np.full((1, 7), 5))
    written = HandMade(tiny_llama, answers=answered)
    assert "paper's analysis model" in process_by_k(written).caption()
    assert process_by_k(written).frame()["paper_share"].notna().all()
    for module in ("process_by_k", "parallelism", "graph_statistics"):
        monkeypatch.setattr(f"analyses.figures.{module}.ANALYSED", "another task")
    assert process_by_k(written).frame()[["paper_accuracy", "paper_share"]].isna().all(axis=None)
    assert "paper" not in process_by_k(written).caption()
    assert parallelism(by_hand).frame().filter(like="paper").isna().all(axis=None)
    assert not [trace.name for trace in parallelism(by_hand).figure().data if "paper" in trace.name]
    assert graph_statistics(by_hand).frame()["paper"].isna().all()


def test_the_graphs_are_described_beside_the_paper_s(by_hand):
    caption = graph_statistics(by_hand).caption()
    assert "nodes 8.0 (paper 23), edges 6.0 (paper 36), shortest path 2.0 (paper 3.8)" in caption
    assert "33% of the root's children reach the target" in caption


@pytest.fixture(scope="module")
def study(tiny_llama, problems):
    methods = {"tiny": "coconut", "cot": "cot", "plain": "no_thought"}
    models = {name: loaded(tiny_llama, method) for name, method in methods.items()}
    models["tiny"] = replace(models["tiny"], stop_classifier=StopClassifier(torch.ones(32), torch.zeros(())))
    return Study(list(models.items()), problems)


# That of numbers is of problems whose steps compute some: tests/test_gsm8k_graph.py makes it.
@pytest.mark.parametrize(
    "figure", [each for each in FIGURES if each.name != "figure_4_numbers"], ids=lambda figure: figure.name
)
def test_every_figure_can_be_made(study, figure, monkeypatch):
    # A random model never ends its text: one problem to time and shorter answers draw the same marks.
    monkeypatch.setattr("analyses.figures.wall_clock.TIMED_PROBLEMS", 1)
    monkeypatch.setattr("analyses.readings.changed_thoughts.ANSWER_TOKENS", 8)
    monkeypatch.setattr("analyses.figures.search.roll_outs.PROBLEMS", 2)
    cache, asked = study.cache, set()
    monkeypatch.setattr(study, "cache", lambda key, compute: asked.add(key[0]) or cache(key, compute))
    result = figure.compute(study)
    # Last answers and those after every k may be read of the answers after 0 to 6 thoughts; thoughts likewise.
    assert {*figure.readings} <= asked & READINGS.keys() <= {*figure.readings, "answers", "thoughts"}
    frame = result.frame()
    assert len(frame) and "paper" not in frame.columns[0]
    drawn = result.figure()
    assert drawn.data and drawn.layout.height > 200
    assert result.caption().endswith(".") and "nan" not in result.caption().lower().split()
    assert len(figure.definition) > 80


@pytest.mark.parametrize(("method", "told"), [("coconut", "2 thoughts"), ("no_thought", "a model without thoughts")])
def test_the_tree_tells_of_no_thoughts_where_a_model_has_none(tiny_llama, problems, method, told):
    figure = search_tree(Study([("one", loaded(tiny_llama, method))], problems), 2).figure()
    assert f"k = 2 ({told})" in figure.layout.title.text


def test_superposition_multiplies_thoughts_with_names(study):
    found = superposition(study)
    model, problem = study.model.model, study.problems[0]
    thought = study.thoughts(study.model)[0, 1].double()
    children = [b for a, b in problem.edges if a == problem.root]
    two = {c for a, c in problem.edges if a in children} - set(children)
    ids = [model.tokenizer.convert_tokens_to_ids(problem.names[node]) for node in two]
    products = model.lm.get_input_embeddings().weight[ids].double() @ thought
    assert found.product[0, 0, 1, 2] == pytest.approx(products.mean().item(), abs=1e-5)


def test_a_model_of_the_sweep_ends_with_all_its_thoughts_and_is_in_its_figure_alone(tiny_llama, problems):
    one, two = loaded(tiny_llama), loaded(tiny_llama, thoughts_per_step=2, max_thoughts=9)
    study = Study([("one", one)], problems, sweep=[("two", two)])
    assert "two" not in [subject.name for subject in study.subjects]
    seen = {}

    def counted(model, _, *, ks, **__):
        seen[model] = ks
        shape = (len(problems), len(ks))
        return Answers(ks, (("",) * len(ks),) * len(problems), np.ones(shape, bool), np.ones(shape, int))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyses.readings.study.answers", counted)
        frame = thoughts_per_step(study).frame()
    assert {model: ks[-1] for model, ks in seen.items()} == {one.model: 6, two.model: 9}
    assert list(frame["c"]) == [1, 2] and (frame["n"] == len(problems)).all() and (frame["accuracy"] == 1).all()
    with pytest.raises(InputError, match="--sweep"):
        thoughts_per_step(Study([("one", one)], problems))


@pytest.mark.parametrize("most", [3, 9])
def test_the_last_thought_is_the_model_s_own(tiny_llama, problems, most, monkeypatch):
    """Also where a model was trained to end with more or fewer thoughts than the paper's six."""
    study = Study([("own", loaded(tiny_llama, max_thoughts=most))], problems[:4])
    last = study.final_answers(study.model)
    assert last.ks == (most,)
    (same,) = early_stopping(study).same
    assert same.shape == (4, most + 1) and same[:, -1].all()
    written = answers(tiny_llama, study.problems, ks=range(most + 1)).text
    final_answer = study.task.final_answer
    assert [[final_answer(said) == final_answer(row[-1]) for said in row] for row in written] == same.tolist()
    assert [row[-1:] for row in written] == list(last.text)
    monkeypatch.setattr("analyses.figures.interventions.KINDS", ("zero",))
    positions = interventions(study).frame().query("subject == 'Coconut' and kind == 'zero'")["position"]
    assert positions.tolist() == list(range(most + 1))
    assert case_study(study).frame().query("subject == 'Untrained'")["thoughts"].tolist() == [most]


def test_what_is_not_there_has_no_share(by_hand, tiny_llama):
    by_hand.values(None).value[:] = 0.01
    assert "none (0) of the candidates with a value above one half" in calibration(by_hand).caption()
    alone = ProsqaProblem(
        question="Every lempus is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?",
        answer="Tom is a rompus.",
        steps=("Every lempus is a rompus.",),
        names=("Tom", "lempus", "rompus", "Bob", "wumpus"),
        edges=((1, 2), (3, 4)),
        root=0,
        target=2,
        distractor=4,
    )
    study = Study([("tiny", loaded(tiny_llama))], [alone])
    for compute in (search_order, height):
        with pytest.raises(InputError, match="within reach of its root"):
            compute(study)
    assert "there are none" in parallelism(study).caption()
    masses = study.values(study.model).masses.summary()
    assert (masses["with_candidates"] == 0).all() and masses["candidate_mass"].isna().all()


def test_readings_are_computed_once(study, monkeypatch):
    study.values(study.model)
    monkeypatch.setattr("analyses.readings.study.node_values", lambda *_, **__: pytest.fail("computed again"))
    assert study.values(study.model) is study.values(study.model)


def test_the_untrained_model_has_other_weights_and_leaves_the_seed_alone(tiny_llama):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    other = untrained(loaded(tiny_llama)).model
    assert torch.equal(torch.rand(1), expected)
    assert not torch.equal(other.lm.get_input_embeddings().weight, tiny_llama.lm.get_input_embeddings().weight)


def test_a_model_without_thoughts_is_told_what_it_cannot_give(tiny_llama, problems):
    study = Study([("cot", loaded(tiny_llama, "cot"))], problems)
    for compute in (superposition, early_stopping):
        with pytest.raises(InputError, match="cot: has no thoughts"):
            compute(study)
    with pytest.raises(InputError, match="at least one model and one problem"):
        Study([], problems)


def test_attention_is_that_of_the_position_that_computes_the_thought(study):
    """Against one plain pass over one unpadded problem, summed by hand."""
    from analyses.figures.attention import attention
    from coconut_core.encoding import Encoder

    found = attention(study)
    model, index = study.model.model, 3
    problem = study.problems[index]
    ids = Encoder(model.tokenizer).questions([problem.question])[0].ids
    embeddings = model.lm.get_input_embeddings()(torch.tensor([ids]))
    embeddings = torch.cat([embeddings, study.thoughts(study.model)[index : index + 1, :1]], 1)
    model.lm.set_attn_implementation("eager")
    weights = model.lm.base_model(inputs_embeds=embeddings, output_attentions=True).attentions
    model.lm.set_attn_implementation("sdpa")
    # Facts of the root's children, by words: thought 2 is computed at slot 1, the last column here.
    words = model.tokenizer.convert_ids_to_tokens(ids)
    children = {problem.names[child] for parent, child in problem.edges if parent == problem.root}
    starts = [at for at, word in enumerate(words) if word == "Every" and words[at + 1] in children]
    for layer, weight in enumerate(weights):
        sums = [weight[0, :, -1, at : at + 6].sum().item() for at in starts]
        assert found.attention[0, index, layer, 1, 2] == pytest.approx(np.mean(sums), abs=1e-5)


def test_attention_of_problems_of_one_step_has_nothing_to_tell():
    from analyses.figures.attention import Attention

    assert "nothing to tell apart" in Attention(("a", "b"), np.full((2, 3, 2, 6, 4), np.nan)).caption()
