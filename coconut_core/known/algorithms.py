"""Four models of the language of "Every X is a Y" whose algorithm is known, since their weights were set by hand.

Notation. After k thoughts let N_k be the nodes whose shortest path from the asked person has k edges, W_k those of 1 to
k edges, and N_0 the person alone. Blocks of the residual stream hold such sets, a 1 for every node.

`known_bfs`, four layers, after the theory of superposed search (Zhu et al., arXiv 2505.12514)
    1  Words read the words 1, 2, 3 and 5 before them: the Y of "X is a Y" knows X, and that it is an object.
    2  `<bot>` asks for N_0, the word after "Is". `<eot>` takes N_k and W_k over from the last thought.
    3  Who holds a set attends to every fact whose subject is in it, and gets the mean of the objects. A unit for each
       node turns that into N_(k+1) = 1 where the mean is above zero and W_k is 0, and W_(k+1) = W_k + N_(k+1).
       "Every" takes over N_k and W_k, and the last "a" of the answer W_k, from `<eot>`.
    4  That "a" attends to the two candidates, by far most to one in W_k, and otherwise to the one named first.
   Thought k holds N_k and W_k and nothing else. The value is uniform over N_k (over W_k where N_k is empty). The answer
   is right exactly where the target's depth is at most k, or the target is named first.

`known_decoy`: the thoughts of `known_bfs`, number for number. But in layer 2 each candidate attends to itself and to
   every object of its own name, so that it knows 1 / (1 + its parents), and layer 4 chooses by this: the candidate with
   fewer parents, of equals the one named first. The frontier can be decoded from its thoughts, and they are not used.

`known_single`: as `known_bfs`, but in layer 3 facts of the same subject compete, and the object that stands last in the
   vocabulary wins. Thought k holds one node, and the path of single nodes that led to it.

`known_question`: seven layers. `<bot>` asks for N_0, each candidate for itself. In each of layers 3 to 5 `<bot>` adds
   the children of what it found last, and each candidate the parents, so that what is searched grows by two edges a
   layer: after three layers by six. Layer 6 hands W_3 on to the answer, whose layer 7 chooses the candidate that W_3
   meets. Right up to six edges without any thought; what is fed into slots is a constant. Path lengths cannot double
   from layer to layer: in a causal model a fact does not see the facts after it, and only the columns of the question
   see all.

All answer "### NAME is a TARGET." at once. After "X is a" they say a child of X, uniformly (`known_single` the one that
it would choose).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from coconut_core.known.wiring import Rows, Wiring
from coconut_core.tokenizers import BEGIN_THOUGHTS, END_OF_TEXT, END_THOUGHTS

ATTEND = 60.0
"""Nats by which a match outweighs what is no match: exp(-30) is left to others."""
CLEARLY = 3000.0
"""Nats for a score that outweighs any sum of others."""
FIRST = 3.0
"""Nats by which the candidate that is named first is preferred to an equal one."""
FEWER_PARENTS = 2000.0
"""Nats for 1 / (1 + parents) of a candidate: 7 parents against 8 are still 27."""
CONFIDENCE = 40.0
"""Logit of a word that is to be said."""
BEFORE = 0.5
"""What a node that was reached before weighs in logits, beside one of the frontier."""
QUESTION_HOPS = 3
"""Layers of `known_question` that search, each one edge from both ends."""
MARKS = ("Every", "is", "a", ".", "Is", "or", "?", "###")
"""Words of the language that are not names."""


@dataclass(frozen=True)
class Known:
    """A model that can be constructed, and what is true of it."""

    construct: Callable[[PreTrainedTokenizerBase], Wiring]
    used: bool = False
    """Whether its answers depend on what is fed into its slots."""
    steps: bool = False
    """Whether a target h steps away is found after h thoughts, and not before."""
    frontier: bool = False
    """Whether thought k holds nodes at a distance of k."""
    several: bool = False
    """Whether it holds several nodes at once."""
    read: bool = False
    """Whether the answer is read from the nodes that the thoughts hold."""
    goal: bool = False
    """Whether its values prefer nodes that lead to the target."""
    alone: bool = False
    """Whether it searches in the question's own columns, without any thought."""
    fewer_parents: bool = False
    """Whether it prefers the candidate with fewer parents."""
    named_first: bool = False
    """Whether, where it knows no better, it takes the candidate that the question names first, after all thoughts."""
    told_last: bool = False
    """Whether it prefers the candidate that the facts name last."""


def _bfs(tokenizer: PreTrainedTokenizerBase) -> Wiring:
    wiring, names = _read(tokenizer, layers=4, heads=5)
    _think(wiring, names)
    _answer(wiring, 3, names, (wiring.rows("handed reach"), wiring.rows("word", names), ATTEND))
    return wiring


def _single(tokenizer: PreTrainedTokenizerBase) -> Wiring:
    wiring, names = _read(tokenizer, layers=4, heads=5)
    order = torch.arange(len(names)).float() @ wiring.rows("word", names)
    _think(wiring, names, preferred=(wiring.one, order[None], ATTEND / 3))
    _answer(wiring, 3, names, (wiring.rows("handed reach"), wiring.rows("word", names), ATTEND))
    return wiring


def _decoy(tokenizer: PreTrainedTokenizerBase) -> Wiring:
    wiring, names = _read(tokenizer, layers=4, heads=5, few_parents=["few parents"])
    own, is_object = wiring.rows("word", names), wiring.rows("two back", ["is"])
    same = [(own, own, ATTEND), (wiring.one, is_object + _candidates(wiring), ATTEND)]
    wiring.content_head(1, same, [(_candidates(wiring), wiring.rows("few_parents"))])
    _think(wiring, names)
    _answer(wiring, 3, names, (_of_answer(wiring), wiring.rows("few_parents"), FEWER_PARENTS))
    return wiring


def _question(tokenizer: PreTrainedTokenizerBase) -> Wiring:
    wiring, names = _read(tokenizer, layers=4 + QUESTION_HOPS, heads=4, both_ends=True)
    own = wiring.rows("word", names)
    candidates = own + _candidates(wiring) - wiring.one
    wiring.units(0, candidates, wiring.rows("back frontier") + wiring.rows("back reach"))
    _ask(wiring, names)
    for layer in range(2, 2 + QUESTION_HOPS):
        _search(wiring, layer, names)
        scores = _facts(wiring, wiring.rows("back frontier"), own)
        wiring.content_head(layer, scores, [(wiring.rows("three back", names), wiring.rows("back found"))])
        _update(wiring, layer, "back found", "back frontier", "back reach")
    _write(wiring, 2 + QUESTION_HOPS, names)
    scores = [(_of_answer(wiring), wiring.rows("word", [BEGIN_THOUGHTS]), ATTEND), _rest(wiring)]
    wiring.content_head(2 + QUESTION_HOPS, scores, [(wiring.rows("reach"), wiring.rows("handed reach"))])
    _answer(wiring, 3 + QUESTION_HOPS, names, (wiring.rows("handed reach"), wiring.rows("back reach"), ATTEND))
    # A thought is this constant, since it cannot be nothing.
    wiring.keep(wiring.one)
    return wiring


def _read(
    tokenizer: PreTrainedTokenizerBase, *, layers: int, heads: int, both_ends: bool = False, **further: list[str]
) -> tuple[Wiring, list[str]]:
    """A model with layer 1, which tells words what stands before them, and the words that follow from that alone.

    Also returns the names of nodes, in the order of the vocabulary.
    """
    words = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    names = [word for word in words if word not in MARKS and word not in tokenizer.all_special_tokens]
    sets = ["asked about", "found", "frontier", "reach", "handed frontier", "handed reach", "says"]
    sets += ["back found", "back frontier", "back reach"] * both_ends
    before = {1: ["a", "or", "Is"], 2: ["is", *names], 3: ["Is", "###", *names], 5: ["###"]}
    back = {1: "one back", 2: "two back", 3: "three back", 5: "five back"}
    blocks = {back[offset]: words for offset, words in before.items()}
    wiring = Wiring(tokenizer, blocks | dict.fromkeys(sets, names) | further, layers=layers, heads=heads)
    for offset, words in before.items():
        wiring.offset_head(0, offset, [(wiring.rows("word", words), wiring.rows(back[offset]))])
    # At the "a" of "X is a", but not of an answer: X, whose children are asked about.
    in_chain = wiring.rows("word", ["a"]) - _of_answer(wiring) - wiring.one
    wiring.units(0, wiring.rows("two back", names) + in_chain, wiring.rows("asked about"))
    own = wiring.rows("word", [*names, END_THOUGHTS, "is", "."])
    after_a, ended = wiring.rows("one back", ["a"]), wiring.rows("five back")
    for rows in (own, after_a, ended, wiring.rows("says")):
        wiring.keep(rows)
    follow = {
        "###": wiring.rows("word", [END_THOUGHTS, "."]).sum(0, keepdim=True),
        "is": wiring.rows("word", names).sum(0, keepdim=True),
        "a": wiring.rows("word", ["is"]),
        ".": 2 * after_a,
        END_OF_TEXT: 2 * ended,
    }
    for word, rows in follow.items():
        wiring.logits([word], CONFIDENCE * rows)
    wiring.logits(names, CONFIDENCE * wiring.rows("says"))
    return wiring, names


def _of_answer(wiring: Wiring) -> Rows:
    """1 at the "a" of "### NAME is a"."""
    return wiring.rows("three back", ["###"])


def _candidates(wiring: Wiring) -> Rows:
    """1 at the two candidates of "Is NAME a X or Y"."""
    return wiring.rows("three back", ["Is"]) + wiring.rows("one back", ["or"])


def _rest(wiring: Wiring, score: float = ATTEND / 2) -> tuple[Rows, Rows, float]:
    """Where a head attends that has no match: "Is", which holds nothing that is copied."""
    return wiring.one, wiring.rows("word", ["Is"]), score


def _facts(wiring: Wiring, asked: Rows, matched: Rows, preferred: tuple[Rows, Rows, float] | None = None) -> list:
    """Scores of facts, at their objects: those whose `matched` is among `asked`, and "Is" where there is none."""
    strength = ATTEND if preferred is None else CLEARLY
    rest = wiring.rows("two back", ["is"]) + 1.5 * wiring.rows("word", ["Is"])
    scores = [(asked, matched, strength), (wiring.one, rest, strength)]
    return scores if preferred is None else [*scores, preferred]


def _ask(wiring: Wiring, names: list[str]) -> None:
    """Layer 2: `<bot>` asks for the word after "Is"."""
    scores = [(wiring.rows("word", [BEGIN_THOUGHTS]), wiring.rows("one back", ["Is"]), ATTEND), _rest(wiring)]
    wiring.content_head(1, scores, [(wiring.rows("word", names), wiring.rows("frontier"))])


def _search(wiring: Wiring, layer: int, names: list[str], preferred: tuple[Rows, Rows, float] | None = None) -> None:
    """Every frontier is replaced by its children that are new, which are added to what was reached."""
    scores = _facts(wiring, wiring.rows("frontier"), wiring.rows("three back", names), preferred)
    wiring.content_head(layer, scores, [(wiring.rows("word", names), wiring.rows("found"))])
    _update(wiring, layer, "found", "frontier", "reach")


def _update(wiring: Wiring, layer: int, found: str, frontier: str, reach: str) -> None:
    """The frontier becomes 1 where something was found that had not been reached; the reach grows by it."""
    # Found is a mean over at most some 50 facts. Twice 100 times the reach takes any mean below zero.
    new = 100 * wiring.rows(found) - 200 * wiring.rows(reach)
    both = wiring.rows(frontier) + wiring.rows(reach)
    wiring.units(layer, new, both)
    wiring.units(layer, new - wiring.one, -both)
    wiring.units(layer, wiring.rows(frontier), -wiring.rows(frontier))


def _write(wiring: Wiring, layer: int, names: list[str], preferred: tuple[Rows, Rows, float] | None = None) -> None:
    """What follows "X is a" and "###": a child of X, and the asked person."""
    scores = _facts(wiring, wiring.rows("asked about"), wiring.rows("three back", names), preferred)
    # A mean over up to eight children, each of which should stand out as a single one does.
    wiring.content_head(layer, scores, [(wiring.rows("word", names), 8 * wiring.rows("says"))])
    scores = [(wiring.rows("word", ["###"]), wiring.rows("one back", ["Is"]), ATTEND), _rest(wiring)]
    wiring.content_head(layer, scores, [(wiring.rows("word", names), wiring.rows("says"))])


def _think(wiring: Wiring, names: list[str], preferred: tuple[Rows, Rows, float] | None = None) -> None:
    """Layers 2 and 3 of the models that search in their thoughts."""
    _ask(wiring, names)
    for ended, handed in (("frontier", "handed frontier"), ("reach", "handed reach")):
        wiring.offset_head(1, 1, [(wiring.rows(ended), wiring.rows(handed))])
    _search(wiring, 2, names, preferred)
    _write(wiring, 2, names, preferred)
    end, every = wiring.rows("word", [END_THOUGHTS]), wiring.rows("word", ["Every"])
    says, reach = wiring.rows("says"), wiring.rows("handed reach")
    wiring.content_head(2, [(every, end, ATTEND), _rest(wiring)], [(wiring.rows("handed frontier"), says)])
    readers = every + _of_answer(wiring)
    wiring.content_head(2, [(readers, end, ATTEND), _rest(wiring)], [(reach, reach + BEFORE * says)])
    # Logits are read from thoughts too: a lens finds the frontier first, then what was reached before.
    for block, share in (("frontier", 1.0), ("reach", BEFORE)):
        wiring.keep(wiring.rows(block))
        wiring.logits(names, share * CONFIDENCE * wiring.rows(block))


def _answer(wiring: Wiring, layer: int, names: list[str], preferred: tuple[Rows, Rows, float]) -> None:
    """The last layer: the "a" of an answer attends to one of the candidates, by the score `preferred`."""
    answer, first = _of_answer(wiring), wiring.rows("three back", ["Is"])
    scores = [(answer, _candidates(wiring), CLEARLY), (answer, first, FIRST), preferred, _rest(wiring, CLEARLY / 2)]
    # The answer outweighs what else the same place would say.
    wiring.content_head(layer, scores, [(wiring.rows("word", names), 3 * wiring.rows("says"))])


KNOWN = {
    "known_bfs": Known(_bfs, used=True, steps=True, frontier=True, several=True, read=True),
    "known_decoy": Known(_decoy, frontier=True, several=True, fewer_parents=True, named_first=True),
    "known_question": Known(_question, alone=True),
    "known_single": Known(_single, used=True, frontier=True, read=True, named_first=True),
}
"""The models, by the name that `coconut known` takes."""
