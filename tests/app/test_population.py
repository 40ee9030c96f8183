"""What a population of problems shows."""

import json
from contextlib import contextmanager

import pytest

from tests.app.conftest import asked, figure
from workbench.computed import studies
from workbench.computed.share_done import ShareDone
from workbench.widgets.progress import time_left


def test_a_population_with_a_control(open_page):
    test = open_page("population")
    test.multiselect(key="controls").select("tiny").run()
    test.selectbox(key="figure").select("figure_8").run()
    assert not test.exception and not test.error
    drawn = figure(test)
    assert {"top 1", "top 1 to 2", "off the candidates"} <= {trace["name"] for trace in drawn["data"]}
    labels = [note["text"] for note in drawn["layout"]["annotations"]]
    assert any("Untrained" in label for label in labels)
    table = test.dataframe[0].value
    assert len(table) == 12 and {"right, k = 0", "candidate mass, k = 1"} <= set(table)
    test.selectbox(key="figure").select("figure_9").run()
    assert not test.exception and "AUC" in json.dumps(figure(test)["layout"])


def test_no_problem_needs_to_be_chosen(open_page):
    test = open_page("population", source="text", most="3")
    assert test.get("plotly_chart") and not test.exception and not test.info


def test_a_population_by_right_and_wrong(open_page):
    test = open_page("population")
    everything = test.dataframe[0].value
    for answered, wanted in (("right", True), ("wrong", False)):
        test.selectbox(key="answered").select(answered)
        next(button for button in test.button if button.label == "Compute").click().run()
        assert not test.exception
        expected = everything.loc[everything["right in the end"] == wanted, "problem"].tolist()
        if expected:
            assert test.dataframe[0].value["problem"].tolist() == expected
        else:
            assert any(f"answered {answered}" in element.value for element in test.info)


def test_a_point_of_the_population_leads_to_its_problem(open_page, problems):
    test = open_page("population")
    test.selectbox(key="across").select("hops").run()
    drawn = figure(test, 1)
    traces = [trace for trace in drawn["data"] if trace["customdata"]]
    assert sum(len(trace["customdata"]) for trace in traces) == len(problems)
    number = traces[0]["customdata"][0][0]
    key = f"map small {hash(tuple(range(len(problems))))}"
    test.session_state[key] = {"selection": {"points": [{"customdata": [number, "", 0, 0]}]}}
    test.run()
    next(button for button in test.button if button.label.endswith(f"problem {number}")).click().run()
    assert test.selectbox(key="problem").value.startswith(f"{number} ")
    assert f"Is {problems[number].root_name}" in asked(test)


def test_a_population_can_be_stopped_and_taken_up_again(open_page):
    test = open_page("population")
    test.session_state["population stopped"] = True
    test.run()
    assert any("Stopped" in element.value for element in test.info) and not test.get("plotly_chart")
    next(button for button in test.button if button.label == "Compute").click().run()
    assert test.get("plotly_chart") and not test.exception


def test_what_one_session_read_another_does_not_compute(open_page, monkeypatch):
    name = "made here: 8-9 nodes, 2-2 hops, seed 8, 7 problems"
    test = open_page("population", population=name)
    rows = test.dataframe[0].value
    monkeypatch.setattr("analyses.readings.study.node_values", lambda *_, **__: pytest.fail("computed again"))
    monkeypatch.setattr("analyses.readings.study.answers", lambda *_, **__: pytest.fail("computed again"))
    monkeypatch.setattr(
        "analyses.figures.process_by_k.ReasoningProcesses.of", lambda *_, **__: pytest.fail("computed again")
    )
    again = open_page("population", population=name)
    assert again.dataframe[0].value.equals(rows) and not again.exception


def test_readings_are_of_their_files_and_their_problems(page_shelf, tmp_path, problems):
    """Two folders of the same weights, and two choices of problems, share no reading; the untrained model is of the
    first one's shape."""
    from analyses.readings.study import Cache
    from workbench.choices.model_shelf import model_folder
    from workbench.choices.problem_sets import ProblemSet
    from workbench.choices.problem_sources import labels

    some = ProblemSet("some", labels(problems))
    folders = [model_folder(page_shelf / "models" / name) for name in ("tiny", "other")]
    asked = []

    class Counted(Cache):
        def __call__(self, key, compute):
            asked.append(key)
            return super().__call__(key, compute)

    cache = Counted()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "_cache", lambda: cache)
        for models, numbers in ((folders, range(4)), (folders[:1], range(4)), (folders[:1], range(3))):
            study = studies.population_of(models, some, tuple(numbers), lambda what, share: None).study
            for subject in study.subjects:
                assert len(study.values(subject).problems) == len(numbers)
    assert len(asked) == 3 + 2 + 2 and len(set(asked)) == 3 + 2


def test_the_cache_forgets_what_was_asked_for_longest_ago():
    from analyses.readings.study import Cache

    cache, computed = Cache(2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        assert cache(key, lambda key=key: computed.append(key) or key) == key
    assert computed == ["a", "b", "c", "b"]


@pytest.mark.parametrize("name", ["figure_5", "figure_8", "figure_9"])
def test_marks_lead_to_the_problems_behind_them(open_page, name):
    test = open_page("population")
    test.selectbox(key="figure").select(name).run()
    count = len(test.dataframe[0].value)
    marks = [mark for trace in figure(test)["data"] for mark in trace.get("customdata", ())]
    assert marks and not test.exception
    mark = next(mark for mark in marks if not isinstance(mark, list) or mark)
    wanted = mark if isinstance(mark, list) else [mark]
    key = f"{name} small {hash(tuple(range(count)))}"
    test.session_state[key] = {"selection": {"points": [{"customdata": mark}]}}
    test.run()
    assert test.dataframe[0].value["problem"].tolist() == sorted(wanted) and not test.exception
    assert any(f"{len(wanted)} of {count} problems" in element.value for element in test.markdown)


def test_the_filter_starts_anew_with_another_set(open_page):
    short, long = (f"made here: 8-11 nodes, {hops} hops, seed 5, 9 problems" for hops in ("2-2", "3-3"))
    test = open_page("population", population=short, browse=long)
    assert test.multiselect(key="hops").value == [2]
    test.selectbox(key="population").select(long).run()
    assert test.multiselect(key="hops").value == [3] and not test.exception
    assert len(test.dataframe[0].value) == 9


@pytest.mark.parametrize("name", ["interventions", "table_1", "figure_3"])
def test_every_analysis_of_the_report_is_reachable(open_page, name):
    test = open_page("population", figure=name, most="3")
    assert test.selectbox(key="figure").value == name and not test.exception and not test.error
    # Some need models that are not there, and say which.
    assert test.get("plotly_chart") or test.dataframe or test.info[0].value


@pytest.mark.parametrize(("name", "usual"), [("figure_5", False), ("figure_8", True)])
def test_the_untrained_control_is_a_choice_and_the_page_says_it(open_page, name, usual):
    """It is off at first where it would have to answer, and with it or without the page names its controls."""
    test = open_page("population", figure=name, most="3")
    for on in (usual, not usual):
        if test.toggle(key="untrained").value != on:
            test.toggle(key="untrained").set_value(on).run()
        drawn = json.dumps(figure(test))
        said = next(text.value for text in test.caption if "the controls" in text.value)
        assert ("Untrained" in drawn) == ("Untrained" in said) == ("switched off" not in said) == on
        assert not test.exception


def test_a_figure_that_cannot_be_made_leaves_the_others(open_page):
    test = open_page("population", figure="figure_4_numbers", most="3")
    assert test.info and not test.get("plotly_chart")
    test.selectbox(key="figure").select("figure_8").run()
    assert test.get("plotly_chart") and not test.info and not test.exception


def test_one_bar_shows_the_share_of_all_that_is_computed(open_page, monkeypatch):
    """It rises over all models and readings and ends near the whole, and says what is being computed."""
    shown = []

    @contextmanager
    def working(what, stop):
        yield lambda part, share: shown.append((part, share))

    monkeypatch.setattr("workbench.widgets.progress.working", working)
    name = "made here: 8-9 nodes, 2-2 hops, seed 9, 70 problems"
    test = open_page("population", population=name, controls="tiny", untrained="true")
    assert not test.exception
    shares = [share for _, share in shown]
    assert shares == sorted(shares) and shares[0] < 0.1 and 0.8 < shares[-1] <= 1 and len({*shares}) > 6
    assert {f"answers of {each}" for each in ("tiny", "other", "untrained")} <= {part for part, _ in shown}


def test_a_share_is_of_everything_and_never_falls():
    done = ShareDone()
    done.expect({"a": 3, "b": 1}, 0.0)
    assert [done.after("a", 0.0), done.after("a", 0.5), done.after("b", 0.0), done.after("b", 1.0)] == [
        0,
        3 / 8,
        3 / 4,
        1,
    ]
    done.expect({"a": 3, "c": 4}, 2.0)  # what was done is not counted again
    assert done.after("c", 0.5) == 1.0
    fresh = ShareDone({"a": 1, "b": 1}, 2.0)
    assert (fresh.after("a", 1.0), fresh.after("its own", 0.5), fresh.after("its own", 1.0)) == (0.25, 0.75, 1.0)


@pytest.mark.parametrize(
    ("spent", "share", "words"), [(10, 0.5, "about 10 s left"), (60, 0.1, "about 9 min left"), (9, 1, "about 1 s left")]
)
def test_the_time_that_is_left_follows_from_the_share(spent, share, words):
    assert time_left(spent, share) == words
