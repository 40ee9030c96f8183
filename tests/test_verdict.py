"""Verdicts: the rules by which readings become answers, and that both tables hold every number that is said."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from analyses.exam.instruments import INSTRUMENTS, QUESTIONS
from analyses.exam.reading import OPEN, Reading
from analyses.readings.intervals import wilson
from analyses.verdict import verdict as verdicts
from analyses.verdict.files import exam_table, make_verdict
from analyses.verdict.rules import ASKED, CLAIMS, NO_THOUGHTS, RULES_OF_THUMB, answer_of, questions_of, votes
from coconut_core.bundled import artifacts
from coconut_core.errors import InputError
from coconut_core.known.algorithms import KNOWN

EXAM = artifacts() / "exam" / "exam.csv"
NAMES = [Path("prosqa_laptop")], Path("laptop")
SETTINGS = {"controls": [Path("prosqa_laptop_cot")], "first": 12, "exam": EXAM}


def row(instrument="swap", found=90, n=100, *, votes=True, left_out="", beyond=None, question="used"):
    reading = Reading(found, n, 0.1, beyond)
    low, high = reading.interval
    numbers = {"n": n, "share": reading.share, "low": low, "high": high, "threshold": 0.1}
    control = {"control": "control", "control_n": 50, "control_share": 0.02, "judged_high": reading.judged[1]}
    about = {"instrument": instrument, "title": instrument, "question": question}
    return {**about, **numbers, **control, "said": reading.said, "votes": votes, "left_out": left_out}


def test_every_question_of_the_instruments_is_asked_and_has_its_sentences():
    assert {each for question in ASKED for each in questions_of(question)} == set(QUESTIONS)
    assert set(CLAIMS) == set(ASKED) and all(set(claims) == {"yes", "no", OPEN} for claims in CLAIMS.values())
    for name, known in KNOWN.items():
        assert all(isinstance(getattr(known, question), bool) for question in QUESTIONS), name


def test_an_instrument_votes_where_it_is_right_on_every_known_model():
    assert votes({"a": "right", "b": "right"})
    assert not votes({"a": "right", "b": "open"}) and not votes({"a": "right", "b": "wrong"}) and not votes({})


@pytest.mark.parametrize(
    ("rows", "answer", "says"),
    [
        ([row(), row("mean", 0, votes=False)], "yes", "90%"),
        ([row(found=0)], "no", "0%"),
        ([row(), row("mean", 0)], OPEN, "no by mean"),
        ([row(), row("mean", 10)], "yes", "90%"),
        ([row(found=10)], OPEN, "threshold of 10%"),
        ([row(votes=False)], OPEN, "no instrument that asks this is right on every known model"),
        ([row(left_out="Names are missing.")], OPEN, "Names are missing."),
        ([row(left_out=NO_THOUGHTS)], NO_THOUGHTS, "no thoughts"),
    ],
)
def test_answers_follow_from_the_readings_that_vote(rows, answer, says):
    found = answer_of("used", rows)
    assert found.answer == answer and says in found.sentence


@pytest.mark.parametrize(
    ("found", "answer"),
    [((30, 0, 0), "the candidate with fewer parents"), ((0, 0, 0), "none"), ((0, 8, 0), OPEN)],
)
def test_rules_of_thumb_are_named(found, answer):
    other = Reading(0, 50)
    rows = [row(name, n, 50, question=name, beyond=other) for name, n in zip(RULES_OF_THUMB, found, strict=True)]
    assert answer_of("rule", rows).answer == answer


BEYOND_CONTROL = {each.name for each in INSTRUMENTS if each.is_beyond}
"""Instruments that count only what they find beyond their control."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("verdict")
    return out, make_verdict(*NAMES, out, **SETTINGS)


def assert_sentences_follow(readings, answers):
    """Every answer and sentence is computed again from the counts in the table of readings."""
    assert len(answers) == len(ASKED) * answers["model"].nunique()
    for answer in answers.to_dict("records"):
        own = readings[readings["question"].isin(questions_of(answer["question"]))]
        rows = own[own["model"] == answer["model"]].to_dict("records")
        for each in rows:
            for name in ("n", "share", "low", "high", "threshold", "control_n", "control_share", "judged_high"):
                each[name] = float("nan" if each[name] == "" else each[name])
            each["n"] = int(each["n"])
            if each["left_out"]:
                continue
            found, control = int(float(each["found"])), each["control"]
            other = Reading(int(float(each["control_found"])), int(each["control_n"])) if control else None
            beyond = other if each["instrument"] in BEYOND_CONTROL else None
            reading = Reading(found, each["n"], each["threshold"], beyond)
            assert (each["share"], each["low"], each["high"]) == pytest.approx(
                (reading.share, *reading.interval), nan_ok=True
            )
            assert each["said"] == reading.said and (
                other is None or each["control_share"] == pytest.approx(other.share)
            )
        found = answer_of(answer["question"], rows)
        assert (found.answer, found.sentence) == (answer["answer"], answer["sentence"])


def test_sentences_can_be_computed_again_from_the_tables(made):
    out, result = made
    tables = (pd.read_csv(out / f"{name}.csv", keep_default_na=False) for name in ("readings", "verdict"))
    assert_sentences_follow(*tables)
    content = json.loads((out / "verdict.json").read_text(), parse_constant=pytest.fail)
    assert [each["sentence"] for each in content["answers"]] == list(result.answers["sentence"])
    assert len(content["readings"]) == len(result.readings)


def test_a_model_without_slots_has_no_thoughts_and_still_rules_of_thumb(made):
    _, result = made
    own = result.answers[result.answers["model"] == "prosqa_laptop_cot"].set_index("question")
    assert (own["answer"].drop("rule") == NO_THOUGHTS).all() and own.loc["rule", "answer"] != NO_THOUGHTS
    assert (own["role"] == "control").all()


def test_known_models_stand_beside_with_the_readings_of_the_exam(made):
    _, result = made
    exam = exam_table(EXAM)
    known = result.readings[result.readings["role"] == "known"].set_index(["model", "instrument"])
    assert set(known.index.get_level_values(0)) == set(KNOWN) and len(known) == len(KNOWN) * len(INSTRUMENTS)
    for each in exam[exam["model"].isin(list(KNOWN))].to_dict("records"):
        own = known.loc[(each["model"], each["instrument"])]
        assert (own["n"], own["said"]) == (each["n"], each["said"]) and own["share"] == pytest.approx(each["share"])


def test_pages_and_pictures_show_every_model_and_question(made):
    out, result = made
    text = (out / "index.html").read_text()
    for model in result.answers["model"].unique():
        assert f'id="{model}"' in text
    cells = result.figure().data[0].text
    assert len(cells) == len(ASKED) and {len(line) for line in cells} == {result.answers["model"].nunique()}


def test_a_second_run_reads_nothing_again(made, monkeypatch):
    out, result = made
    monkeypatch.setattr(verdicts, "_reading", lambda *_: pytest.fail("read again"))
    again = make_verdict(*NAMES, out, **SETTINGS)
    assert list(again.answers["sentence"]) == list(result.answers["sentence"])


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    read, whole = [], verdicts._reading

    def interrupted(study, instrument):
        if instrument.name == "fewer_parents" and not read.count("stopped"):
            read.append("stopped")
            raise KeyboardInterrupt
        read.append(instrument.name)
        return whole(study, instrument)

    monkeypatch.setattr(verdicts, "_reading", interrupted)
    names = [Path("prosqa_laptop_cot")], Path("laptop"), tmp_path
    with pytest.raises(KeyboardInterrupt):
        make_verdict(*names, first=4, exam=EXAM)
    make_verdict(*names, first=4, exam=EXAM)
    assert sorted(name for name in read if name != "stopped") == sorted(each.name for each in INSTRUMENTS)


def test_what_cannot_be_judged_is_refused_in_a_sentence(tmp_path):
    from workbench.commands.verdict import app

    alone = CliRunner().invoke(app, ["prosqa_laptop"])
    assert isinstance(alone.exception, InputError) and "then the problems" in str(alone.exception)
    with pytest.raises(InputError, match="is missing; make it with `coconut exam`"):
        exam_table(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("model,n\na,1\n")
    with pytest.raises(InputError, match="lacks the column control_found"):
        exam_table(tmp_path / "other.csv")


def test_the_page_of_the_puzzle_says_what_the_csvs_say():
    folder = artifacts() / "verdict" / "puzzle" / "laptop"
    told = (folder.parents[1] / "puzzle.md").read_text()
    figures = json.loads((folder / "manifest.json").read_text())["figures"]
    assert set(figures) == {"first_thought", "question_alone"}
    for name, entry in figures.items():
        table = pd.read_csv(folder / f"{name}.csv")
        assert " ".join(entry["caption"].split()) in " ".join(told.replace("\n> ", "\n").split())
        shares = set(re.findall(r"(\d+\.\d)% \((\d+\.\d)% to (\d+\.\d)%", entry["caption"]))
        again = {
            (f"{100 * right / n:.1f}", f"{100 * low:.1f}", f"{100 * high:.1f}")
            for right, n in zip(table["right"], table["n"], strict=True)
            for low, high in [wilson(right, n)]
        }
        assert len(shares) > 4 and shares <= again


def test_shipped_sentences_follow_from_the_shipped_readings():
    folder = artifacts() / "verdict" / "laptop"
    readings = pd.read_csv(folder / "readings.csv", keep_default_na=False)
    answers = pd.read_csv(folder / "verdict.csv", keep_default_na=False)
    assert_sentences_follow(readings, answers)
    assert set(KNOWN) < set(answers["model"])
