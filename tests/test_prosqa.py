"""Problems as text, graph and official record."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.registry import load_problems, save_problems

TEXT = (
    "Tom is a lempus. Every lempus is a rompus. Bob is a wumpus. Every rompus is a zumpus. Is Tom a wumpus or zumpus?"
)
RECORD = {
    "question": TEXT,
    "answer": "Tom is a zumpus.",
    "steps": ["Tom is a lempus.", "Every lempus is a rompus.", "Every rompus is a zumpus."],
    "idx_to_symbol": ["Tom", "Bob", "lempus", "wumpus", "rompus", "zumpus"],
    "edges": [[0, 2], [1, 3], [2, 4], [4, 5]],
    "root": 0,
    "target": 5,
    "neg_target": 3,
}


def named(problem: ProsqaProblem):
    """What a problem says, whatever the numbers of its nodes."""
    names = problem.names
    edges = {(names[a], names[b]) for a, b in problem.edges}
    return edges, problem.root_name, problem.target_name, problem.distractor_name


def test_official_records_come_back_exactly(official_prosqa):
    records = json.loads(official_prosqa.read_text())
    assert [ProsqaProblem.from_json(record).to_json() for record in records] == records
    assert [list(ProsqaProblem.from_json(record).to_json()) for record in records] == [list(r) for r in records]


def test_the_official_text_alone_gives_the_official_graph(official_prosqa):
    for problem in load_problems(official_prosqa):
        parsed = ProsqaProblem.from_text(problem.question)
        assert named(parsed) == named(problem)
        assert (parsed.question, parsed.answer, parsed.hops) == (
            problem.question,
            problem.answer,
            problem.hops,
        )
        assert sorted(problem.facts) == sorted(problem.edges)


def test_the_official_graph_renders_the_official_text(official_prosqa):
    for problem in load_problems(official_prosqa):
        rendered = ProsqaProblem.from_graph(
            problem.names,
            problem.edges,
            problem.root,
            problem.target,
            problem.distractor,
            facts=[problem.edges.index(fact) for fact in problem.facts],
            target_first=problem.choices[0] == problem.target,
            path=problem.path,
        )
        assert rendered == problem


def test_text_is_read_in_its_own_order():
    problem = ProsqaProblem.from_json(RECORD)
    assert problem.facts == ((0, 2), (2, 4), (1, 3), (4, 5))
    assert problem.choices == (3, 5)
    assert problem.path == (0, 2, 4, 5)
    assert problem.hops == 3


@given(st.lists(st.sampled_from([" ", "\n", "\t", "  ", "\r\n", "\u00a0"]), min_size=20, max_size=20))
def test_white_space_of_pasted_text_does_not_matter(spaces):
    words = TEXT.split()
    pasted = "".join(spaces[i % len(spaces)] + word for i, word in enumerate(words)) + "\n\n"
    assert ProsqaProblem.from_text(pasted) == ProsqaProblem.from_text(TEXT)


def test_markup_in_names_is_plain_text():
    names = ("Tom", "Bob", "<b>lempus</b>", "**wumpus**", "$x^2$")
    problem = ProsqaProblem.from_graph(names, [(0, 2), (1, 3), (2, 4)], 0, 4, 3)
    assert "Every <b>lempus</b> is a $x^2$." in problem.question
    parsed = ProsqaProblem.from_text(problem.question)
    assert named(parsed) == named(problem)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "does not end with a choice"),
        ("Tom is a lempus.", "does not end with a choice"),
        ("The sky is blue. Is Tom a lempus or wumpus?", '"The sky is blue." is not a ProsQA sentence'),
        ("Is Tom a lempus or wumpus?", "has no facts"),
        (TEXT + " Thanks!", "put it last"),
        (TEXT.replace("Is Tom", "Is Max"), "'Max', which no fact names"),
        (TEXT.replace("Is Tom", "Is lempus"), "'lempus', which is not a person"),
        (TEXT.replace("or zumpus", "or yumpus"), "'yumpus', which no fact names"),
        (TEXT.replace("or zumpus", "or wumpus"), "Both candidates are 'wumpus'"),
        (TEXT.replace("a wumpus or", "a rompus or"), "Both candidates ('rompus', 'zumpus') can be reached"),
        (TEXT.replace("Every rompus is a zumpus.", "Bob is a zumpus."), "Neither candidate"),
        (
            TEXT.replace("Every rompus is a zumpus.", "Every rompus is a lempus."),
            "'zumpus', which no fact names",
        ),
        ("Every zumpus is a rompus. " + TEXT, "in a circle"),
        ("Every lempus is a rompus. " + TEXT, "said twice"),
        ("Every Tom is a rompus. " + TEXT, "with and without"),
        ("Bob is a Tom. " + TEXT, "makes a person a kind"),
    ],
)
def test_unsound_text_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(InputError) as caught:
        ProsqaProblem.from_text(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"edges": None}, "'edges' must hold a list of pairs"),
        ({"edges": [[0, 2, 4]]}, "'edges' must hold a list of pairs"),
        ({"edges": [[0, 77]]}, "'edges' holds node 77"),
        ({"root": "Tom"}, "'root' must hold a whole number"),
        ({"target": True}, "'target' must hold a whole number"),
        ({"neg_target": -1}, "'neg_target' holds node -1"),
        ({"question": 3}, "'question' must hold a text"),
        ({"steps": "Tom is a lempus."}, "'steps' must hold a list of texts"),
        ({"idx_to_symbol": ["Tom"] * 6}, "holds a name twice"),
        ({"question": TEXT.replace("Bob is", "Max is")}, "The text names 'Max'"),
        ({"question": "What is 2+2?"}, ""),
        ({"question": TEXT.replace("Is Tom", "Is Bob").replace("?", "?"), "target": 0}, "does not offer the choice"),
        ({"steps": []}, "The steps [] are not a path"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_item(tmp_path, change, sentence):
    path = tmp_path / "problems.json"
    path.write_text(json.dumps([RECORD, RECORD | change]))
    with pytest.raises(InputError) as caught:
        load_problems(path)
    assert str(caught.value).startswith(f"{path}, item 1: ")
    assert sentence in str(caught.value)


def test_a_missing_field_is_named():
    for name in RECORD:
        with pytest.raises(InputError, match=f"'{name}' is missing"):
            ProsqaProblem.from_json({key: value for key, value in RECORD.items() if key != name})


@pytest.mark.parametrize(
    "content", ["", "[", '{"a": 1}', "[]", "\ufeff[", '"text"', "[" * 10_000, "[" * 900 + "]" * 900, "[NaN]", "[1e999]"]
)
def test_a_file_that_is_no_list_of_problems_is_named(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(InputError, match="broken.json"):
        load_problems(path)
    with pytest.raises(InputError, match="missing.json"):
        load_problems(tmp_path / "missing.json")


def test_saved_problems_load_as_they_were(tmp_path):
    problems = (ProsqaProblem.from_json(RECORD), ProsqaProblem.from_text(TEXT))
    save_problems(tmp_path / "new" / "set.json", problems)
    assert load_problems(tmp_path / "new" / "set.json") == problems


def test_text_that_names_an_unknown_node_is_refused():
    problem = ProsqaProblem.from_json(RECORD | {"question": TEXT.replace("Bob is", "Max is")})
    with pytest.raises(InputError, match="'Max'"):
        _ = problem.facts


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"edges": [(0, 2), (2, 3), (2, 4)]}, "'e' can be reached"),
        ({"target": 4}, "'e' cannot be reached"),
        ({"edges": [(0, 2), (2, 3), (3, 2), (1, 4)]}, "in a circle"),
        ({"root": 2}, "has a parent"),
        ({"path": (0, 3)}, "not a shortest path"),
        ({"facts": [0, 0, 1]}, "exactly once"),
        ({"names": ("A", "B", "c", "d d", "e")}, "'d d' cannot be a name"),
        ({"edges": [(0, 2), (0, 2), (2, 3), (1, 4)]}, "given twice"),
        ({"distractor": 9}, "Node 9"),
    ],
)
def test_an_unsound_graph_is_refused(change, sentence):
    sound = {
        "names": ("A", "B", "c", "d", "e"),
        "edges": [(0, 2), (2, 3), (1, 4)],
        "root": 0,
        "target": 3,
        "distractor": 4,
    }
    ProsqaProblem.from_graph(**sound)
    with pytest.raises(InputError, match=sentence):
        ProsqaProblem.from_graph(**(sound | change))


def test_a_species_that_lost_its_parent_is_still_written_with_every():
    problem = ProsqaProblem.from_graph(("Tom", "Bob", "c", "d", "e"), [(0, 2), (1, 3), (4, 3)], 0, 2, 3)
    assert "Every e is a d." in problem.question
    assert "Bob is a d." in problem.question
