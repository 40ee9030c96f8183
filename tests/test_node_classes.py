"""The classes of nodes and facts, by hand on one graph, and what is averaged over them."""

import numpy as np
import pytest
import torch

from analyses.figures.attention import attention
from analyses.figures.thought_decoding import CLASSES, thought_decoding
from analyses.readings.name_tree import name_tokens
from analyses.readings.node_classes import (
    AROUND_FRONTIER,
    BY_ROW,
    frontier_class,
    nodes_by_class,
    row_class,
)
from analyses.readings.study import Study
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.problems.fact_classes import NESTED, facts_by_class
from coconut_core.problems.prosqa.problem import ProsqaProblem

# Tom -> rompus -> wumpus -> lorpus (the target); Tom -> lempus -> zumpus; Bob -> numpus.
PROBLEM = ProsqaProblem.from_text(
    "Tom is a rompus. Every rompus is a wumpus. Every wumpus is a lorpus. Tom is a lempus. Every lempus is a zumpus. "
    "Bob is a numpus. Is Tom a numpus or lorpus?"
)


def classes_of(k):
    """Names of the nodes of each class."""
    found = zip(NESTED, nodes_by_class(PROBLEM, k), strict=True)
    return {name: {PROBLEM.names[node] for node in nodes} for name, nodes in found}


def test_nodes_are_classed_by_their_distance():
    assert classes_of(2) == {
        "not reachable": {"lorpus", "Bob", "numpus"},
        "reachable": {"Tom", "rompus", "lempus", "wumpus", "zumpus"},
        "frontier": {"wumpus", "zumpus"},
        "optimal": {"wumpus"},
    }
    assert classes_of(3)["frontier"] == classes_of(3)["optimal"] == {"lorpus"}
    assert not classes_of(4)["frontier"] and classes_of(4)["not reachable"] == {"Bob", "numpus"}


def test_facts_are_classed_by_where_they_start():
    facts = PROBLEM.facts
    named = [f"{PROBLEM.names[parent]} {PROBLEM.names[child]}" for parent, child in facts]
    beyond, within, frontier, optimal = ({named[at] for at in part} for part in facts_by_class(PROBLEM, facts, 2))
    assert beyond == {"wumpus lorpus", "Bob numpus"} and within == set(named) - beyond
    assert frontier == {"rompus wumpus", "lempus zumpus"} and optimal == {"rompus wumpus"}


@pytest.mark.parametrize(
    ("depth", "around", "row"),
    [
        (None, "not reachable", "not reachable"),
        (0, "before it", "reachable otherwise"),
        (1, "before it", "the one before"),
        (2, "frontier", "frontier"),
        (3, "after it", "reachable otherwise"),
    ],
)
def test_two_groupings_are_disjoint(depth, around, row):
    assert AROUND_FRONTIER[frontier_class(depth, 2)] == around and BY_ROW[row_class(depth, 2)] == row


def test_thoughts_are_read_by_class(tiny_loaded):
    study = Study([("tiny", tiny_loaded)], [PROBLEM])
    found = thought_decoding(study)
    model = study.model.model
    with torch.inference_mode():
        second = model.logits(study.thoughts(study.model)[0, 1]).softmax(-1)
    vocabulary = model.tokenizer.get_vocab()
    expected = {
        "frontier": ("wumpus", "zumpus"),
        "the one before": ("rompus", "lempus"),
        "reachable otherwise": ("Tom", "lorpus"),
        "not reachable": ("Bob", "numpus"),
    }
    for name, words in expected.items():
        mass = sum(second[vocabulary[word]].item() for word in words)
        assert found.mass[0, 0, 1, CLASSES.index(name)] == pytest.approx(mass, abs=1e-5)
    assert found.mass.sum(-1) == pytest.approx(np.ones(found.mass.shape[:-1]))
    most = second.argmax()
    assert found.words[1][0] == (model.tokenizer.decode([int(most)]), pytest.approx(second[most].item(), abs=1e-5))


def test_names_of_several_tokens_are_known_by_their_first(split_names_model):
    model = split_names_model
    pieces = model.tokenizer.convert_ids_to_tokens(name_tokens(Encoder(model.tokenizer, model.method), PROBLEM))
    assert pieces == [name[:3] for name in PROBLEM.names]


def test_attention_is_refused_where_facts_have_no_sentences(tiny_loaded, monkeypatch):
    monkeypatch.setattr(ProsqaProblem, "fact_texts", ())
    with pytest.raises(InputError, match="not sentences of their own"):
        attention(Study([("tiny", tiny_loaded)], [PROBLEM]))


def test_attention_leaves_the_model_as_it_is(tiny_loaded):
    lm = tiny_loaded.model.lm
    before = {name: weight.clone() for name, weight in lm.state_dict().items()}
    attention(Study([("tiny", tiny_loaded)], [PROBLEM]))
    assert lm.config._attn_implementation == "sdpa"
    assert all(torch.equal(weight, before[name]) for name, weight in lm.state_dict().items())
