"""The app from end to end, without a browser: pages, choices, links and bad input."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analyses.plain_text import for_markdown
from coconut_core.problems.graph import frontier
from coconut_core.problems.prosqa_files import load_problems, save_problems
from coconut_core.problems.prosqa_sampler import SamplerSettings
from workbench.model_shelf import model_folders
from workbench.problem_sources import UPLOAD_MEGABYTES, sampler_settings, telling
from workbench.session import EXAMPLE

APP = str(Path(__file__).parents[1] / "app.py")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, tiny_checkpoint, problems):
    """An artifacts folder: one usable model, three broken ones, two files of problems."""
    folder = tmp_path_factory.mktemp("artifacts")
    models = folder / "models"
    shutil.copytree(tiny_checkpoint, models / "tiny")
    (models / "empty").mkdir()
    shutil.copytree(tiny_checkpoint, models / "truncated")
    weights = (models / "truncated" / "model.safetensors").read_bytes()
    (models / "truncated" / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    shutil.copytree(tiny_checkpoint, models / "foreign")
    (models / "foreign" / "coconut.json").write_text('["not a card"]')
    save_problems(folder / "problems" / "world" / "small.json", problems[:3])
    (folder / "problems" / "world" / "small_provenance.json").write_text('{"seed": 7}')
    (folder / "problems" / "torn.json").write_text('[{"question": "Ev')
    return folder


@pytest.fixture
def app(shelf, monkeypatch):
    """Start the app with a link, given as keyword arguments."""
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(shelf))

    def start(**link):
        test = AppTest.from_file(APP, default_timeout=60)
        link = {"set": "world/small"} | link
        for key, value in link.items():
            test.query_params[key] = value
        return test.run()

    return start


def figure(test, index=0):
    return json.loads(test.get("plotly_chart")[index].proto.spec)


def tree(test):
    return {trace["name"]: trace for trace in figure(test)["data"] if not trace.get("showlegend")}


def values(test):
    return tree(test)["values"]["marker"]["color"]


def shown(test) -> str:
    """All messages on the page."""
    return " ".join(element.value for kind in ("error", "info", "warning", "caption") for element in test.get(kind))


def test_a_tree_is_shown_at_once(app, problems):
    first = problems[telling(problems[:3])]
    test = app()
    assert not test.exception and not test.error
    assert len(tree(test)["nodes"]["customdata"]) >= 4
    assert f"Is {first.root_name}" in figure(test)["layout"]["title"]["text"]
    assert "Values as CSV" in [button.label for button in test.get("download_button")]
    assert test.dataframe[0].value.name.nunique() == len(first.names)


def test_moving_k_changes_values_and_moves_nothing(app):
    test = app()
    before = tree(test)
    test.slider(key="k").set_value(3).run()
    after = tree(test)
    assert not test.exception
    for name in before:
        assert (before[name]["x"], before[name]["y"]) == (after[name]["x"], after[name]["y"])
    assert before["values"]["marker"]["color"] != after["values"]["marker"]["color"]
    assert "k = 3" in figure(test)["layout"]["title"]["text"]


def test_values_and_answer_are_those_of_the_model(app, shelf, problems):
    from analyses.values import node_values
    from coconut_core.checkpoints import load_model
    from coconut_core.generation import answers

    model = load_model(shelf / "models" / "tiny")
    problem = problems[1]
    read = node_values(model, [problem])
    said = answers(model, [problem], ks=range(7))
    test = app(k="2")
    test.selectbox(key="problem").select_index(1).run()
    nodes = [node for (node,) in tree(test)["nodes"]["customdata"]]
    assert values(test) == pytest.approx([read.value[0, 2, node] for node in nodes], abs=1e-6)
    words = next(text.value for text in test.markdown if "the model says" in text.value)
    assert for_markdown(said.text[0][2][:40]) in words
    assert ("right" in words) == bool(said.correct[0, 2])
    table = test.dataframe[0].value.set_index("node")
    assert table.value.to_dict() == pytest.approx({n: read.value[0, 2, n] for n in table.index})
    assert table.no_thought.to_dict() == pytest.approx({n: read.value[0, 0, n] for n in table.index})


def test_the_control_can_force_either_opening(app):
    entity, every = app(k="0"), app(k="0", opening="Every")
    assert values(entity) != values(every)
    assert "“Every”" in tree(every)["values"]["marker"]["colorbar"]["title"]["text"]
    assert " is a”" in tree(entity)["values"]["marker"]["colorbar"]["title"]["text"]
    assert values(app(k="3")) == values(app(k="3", opening="Every"))


def test_low_candidate_mass_is_a_warning(app):
    test = app(k="1")  # an untrained model spreads its probability over all words
    assert "Low candidate mass" in test.warning[0].value


def test_beyond_the_last_row_there_are_no_candidates_and_no_warning(app):
    test = app(k="6")
    assert not test.warning and "no candidates" in test.info[0].value
    assert "no candidates" in figure(test)["layout"]["title"]["subtitle"]["text"]


def test_a_link_brings_the_view_back(app):
    test = app()
    test.slider(key="k").set_value(5).run()
    test.toggle(key="path").set_value(True).run()
    test.selectbox(key="problem").select_index(2).run()
    again = app(k="5", path="true", problem=test.selectbox(key="problem").value)
    assert again.slider(key="k").value == 5 and again.toggle(key="path").value
    assert figure(again) == figure(test)


def test_random_problems_come_back_by_their_seed(app):
    test = app(source="random", seed="11")
    assert not test.exception and not test.error
    assert "4 to 7 nodes" in shown(test) or "5 to 7 nodes" in shown(test)
    assert figure(app(source="random", seed="11")) == figure(test)
    assert figure(app(source="random", seed="12")) != figure(test)
    test.button[0].click().run()
    assert test.number_input(key="seed").value != 11 and figure(test) != figure(app(source="random", seed="11"))


def test_pasted_text_is_read_and_stands_in_the_link(app):
    test = app(source="pasted text")
    assert "Paste a question" in shown(test) and not test.exception
    test.text_area(key="text").set_value(EXAMPLE).run()
    assert not test.error and "Is Tom a lempus or scrompus" in figure(test)["layout"]["title"]["text"]
    assert figure(app(source="pasted text", text=EXAMPLE)) == figure(test)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hello world", "Every X is a Y"),
        ("Tom is a lempus. Every lempus is a rempus.", "does not end with a choice"),
        ("Tom is a a. Every a is a b. Every b is a a. Every c is a d. Is Tom a b or d?", "circle"),
        ("Tom is a lempus. Every rempus is a gorpus. Is Tom a lempus or yumpus?", "no fact names"),
        ("Tom is a lempus. Tom is a rempus. Is Tom a lempus or rempus?", "Both candidates"),
        ("Tom is a <b>x</b>. Every y is a z. Is Tom a <b>x</b> or z?", "lacks the name"),
        ('[{"question": "trunc', "no whole JSON"),
        ('{"question": 3}', "idx"),
        ("[[[[" * 2000, "no whole JSON"),
    ],
)
def test_bad_text_is_one_sentence(app, text, told):
    test = app(source="pasted text", text=text)
    assert not test.exception
    (error,) = test.error
    assert told in error.value.replace("\\", "")
    assert "Traceback" not in error.value


def test_an_upload_is_a_set_and_chosen(app, problems):
    test = app()
    assert upload(test, [problem.to_json() for problem in problems[:4]])
    assert test.selectbox(key="set").value.startswith("uploaded here: mine.json (")
    test.selectbox(key="problem").select_index(3).run()
    assert f"Is {problems[3].root_name}" in figure(test)["layout"]["title"]["text"]
    linked = app(set=test.selectbox(key="set").value, problem=test.selectbox(key="problem").value)
    assert f"Is {problems[3].root_name}" in figure(linked)["layout"]["title"]["text"]


def test_bad_uploads_are_one_sentence(app, problems):
    record = problems[0].to_json()
    cyclic = record | {"edges": [*record["edges"], record["edges"][0][::-1]]}
    bad = {
        b'[{"question": "Every': "no whole JSON file",
        b"\xff\xfe\x00": "no whole JSON file",
        b"[]": "no list of problems",
        b'[{"name": "x"}]': "idx_to_symbol",
        json.dumps([cyclic]).encode(): "circle",
        json.dumps([record | {"target": 999}]).encode(): "999",
        json.dumps([record | {"question": "What?"}]).encode(): "Every X is a Y",
        json.dumps([record | {"idx_to_symbol": ["\ud800", *record["idx_to_symbol"][1:]]}]).encode(): "list of texts",
    }
    for content, told in bad.items():
        test = app()
        upload(test, content)
        assert not test.exception, test.exception
        (error,) = test.error
        assert told in error.value.replace("\\", ""), error.value
        assert "mine.json" in error.value.replace("\\", "")


def test_an_unsound_problem_is_drawn_with_a_warning(app, problems):
    record = problems[0].to_json() | {"answer": "Tom is a gorpus."}
    test = app()
    upload(test, [record])
    assert "not sound" in test.warning[0].value and tree(test)["nodes"]


def test_broken_models_are_listed_and_harmless(app, shelf):
    test = app()
    assert test.selectbox(key="model").options == ["tiny", "empty", "foreign", "truncated"]
    captions = " ".join(caption.value for caption in test.caption).replace("\\", "")
    assert "empty: config.json" in captions and "truncated: model.safetensors is not whole" in captions
    assert "foreign: coconut.json lacks" in captions
    for option, told in (("truncated", "model.safetensors"), ("empty", "is missing")):
        test.selectbox(key="model").select(option).run()
        assert not test.exception
        assert told in test.error[0].value.replace("\\", "")
    test.selectbox(key="model").select("tiny").run()
    assert not test.error and tree(test)


def test_a_model_that_is_not_here_is_not_replaced_by_another(app, shelf):
    test = app(model="theirs")
    assert "no model of this name" in test.error[0].value and not test.get("plotly_chart")
    assert test.selectbox(key="model").value == "theirs"
    test.selectbox(key="model").select("tiny").run()
    assert not test.error and tree(test)
    # Trained anew, its folder is gone for a while.
    (shelf / "models" / "tiny").rename(shelf / "models" / ".tiny")
    try:
        test.run()
        assert "no model of this name" in test.error[0].value
    finally:
        (shelf / "models" / ".tiny").rename(shelf / "models" / "tiny")
    test.run()
    assert not test.error and tree(test)


def test_a_model_is_asked_for_as_many_thoughts_as_it_has(app, shelf):
    folder = shelf / "models" / "longer"
    shutil.copytree(shelf / "models" / "tiny", folder)
    try:
        card = json.loads((folder / "coconut.json").read_text()) | {"max_thoughts": 9}
        (folder / "coconut.json").write_text(json.dumps(card))
        test = app(model="longer")
        assert test.slider(key="k").max == 9
        test.slider(key="k").set_value(9).run()
        assert "k = 9" in figure(test)["layout"]["title"]["text"] and not test.exception
        assert "theirs" in app(second="theirs").sidebar.warning[0].value
        beside = app(second="longer", model="tiny")
        assert beside.slider(key="k").max == 9 and not beside.exception
    finally:
        shutil.rmtree(folder)


def test_a_torn_file_of_problems_is_told_and_harmless(app):
    test = app(set="torn")
    assert not test.exception and "torn.json" in test.error[0].value.replace("\\", "")
    test.selectbox(key="set").select("world/small").run()
    assert not test.error and tree(test)


@pytest.mark.parametrize(
    "link",
    [{"k": "99"}, {"k": "x"}, {"source": "?"}, {"problem": "0"}, {"opening": "<b>"}],
)
def test_invalid_values_in_a_link_are_ignored(app, link):
    test = app(**link)
    assert not test.exception and not test.error and tree(test)
    assert test.slider(key="k").value == 1


def test_without_models_the_page_says_how_to_train_one(tmp_path, monkeypatch):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(tmp_path))
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception and "coconut train" in test.info[0].value


def test_without_bundled_problems_the_other_sources_work(tmp_path, shelf, monkeypatch):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(tmp_path))
    shutil.copytree(shelf / "models" / "tiny", tmp_path / "models" / "tiny")
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception and "Draw a random one" in test.info[0].value
    test.radio(key="source").set_value("random").run()
    assert tree(test)


def test_a_retrained_model_is_seen(shelf, tmp_path):
    (tmp_path / "models").mkdir()
    shutil.copytree(shelf / "models" / "tiny", tmp_path / "models" / "m")
    (before,) = model_folders(tmp_path / "models")
    assert model_folders(tmp_path / "models") == (before,)
    (tmp_path / "models" / "m" / "model.safetensors").touch()
    (after,) = model_folders(tmp_path / "models")
    assert after.fingerprint != before.fingerprint


def test_random_problems_are_of_the_models_own_world(tiny_run):
    world = replace(tiny_run.worlds[-1], nodes=(8, 14), hops={2: 0.5, 4: 0.5})
    run = replace(tiny_run, worlds=(*tiny_run.worlds, world)).as_dict()
    settings, told = sampler_settings(json.loads(json.dumps({"run": run})))
    assert settings == SamplerSettings(nodes=(8, 14), hops={2: 0.5, 4: 0.5})
    assert "8 to 14 nodes, 2 to 4 hops" in told
    for card in (
        {},
        {"run": {"worlds": []}},
        {"run": None},
        {"run": {"worlds": [{"nodes": [1], "hops": 3}]}},
    ):
        assert sampler_settings(card)[0] == SamplerSettings()


def test_uploads_are_limited_in_size():
    import tomllib

    config = tomllib.loads((Path(APP).parent / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] >= UPLOAD_MEGABYTES


def upload(test, content):
    """Put a file into the page's uploader."""
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    test.get("file_uploader")[0].set_value(("mine.json", content, "application/json")).run()
    return not test.error


def test_the_first_problem_shows_a_search(official_prosqa):
    problems = load_problems(official_prosqa)
    first = problems[telling(problems)]
    widths = [len(frontier(first.graph, first.root, k)) for k in (1, 2)]
    assert 3 <= widths[0] < widths[1]
    assert telling([]) == 0


def test_a_clicked_node_shows_its_path_and_values_are_drawn_by_k(app, problems):
    first = problems[telling(problems[:3])]
    test = app(k=1)
    assert any("Click a node" in element.value for element in test.caption)
    test.selectbox(key="to").select(first.target_name).run()
    assert not test.exception
    told = " ".join(element.value for element in test.markdown)
    assert first.root_name in told and f"→ {first.target_name}" in told
    assert any(trace["name"] == f"path to {first.target_name}" for trace in figure(test)["data"])
    curves = figure(test, 2)["data"]
    assert {first.target_name, first.distractor_name} <= {trace["name"] for trace in curves}
    assert len(curves[0]["x"]) == 7
    # The path stays while k moves, and goes with its problem.
    test.slider(key="k").set_value(2).run()
    assert any(trace["name"] == f"path to {first.target_name}" for trace in figure(test)["data"])
    chosen = test.selectbox(key="problem")
    chosen.select(next(label for label in chosen.options if label != chosen.value)).run()
    assert not test.exception and not any(t["name"].startswith("path to") for t in figure(test)["data"])


def test_two_models_stand_beside_each_other(app, shelf):
    shutil.copytree(shelf / "models" / "tiny", shelf / "models" / "twin")
    try:
        test = app(second="twin")
        assert not test.exception and not test.error
        one, other = (
            {t["name"]: t for t in figure(test, index)["data"] if not t.get("showlegend")} for index in (0, 1)
        )
        assert one["nodes"]["x"] == other["nodes"]["x"]
        assert one["values"]["marker"]["color"] == other["values"]["marker"]["color"]
        assert "model twin" in figure(test, 1)["layout"]["title"]["subtitle"]["text"]
        marks = [trace["name"] for trace in figure(test, 2)["data"]]
        assert {"candidate now", "target", "tree edge", "path"} <= set(marks)
    finally:
        shutil.rmtree(shelf / "models" / "twin")


def test_play_moves_k_on(app):
    test = app(k=2)
    test.toggle(key="play").set_value(True).run()
    assert not test.exception
    assert test.slider(key="k").value == 2, "a toggle is no tick of the clock"
    test.session_state["touched"] = 0.0  # the last tick is long ago
    test.run()
    assert test.slider(key="k").value == 3
    test.slider(key="k").set_value(5).run()
    assert test.slider(key="k").value == 5, "what was chosen stays for a while"


def test_a_model_that_is_trained_anew_is_read_anew(app, shelf):
    other = shelf / "models" / "anew"
    shutil.copytree(shelf / "models" / "tiny", other)
    try:
        test = app(model="anew", k=1)
        before = next(t for t in figure(test)["data"] if t["name"] == "values")["marker"]["color"]
        from safetensors.torch import load_file, save_file

        from coconut_core.files import sha256

        weights = load_file(other / "model.safetensors")
        save_file({n: w * 1.5 for n, w in weights.items()}, other / "model.safetensors", {"format": "pt"})
        card = json.loads((other / "coconut.json").read_text())
        card["model_sha256"] = sha256(other / "model.safetensors")
        (other / "coconut.json").write_text(json.dumps(card))
        test.run()
        assert not test.exception and not test.error
        after = next(t for t in figure(test)["data"] if t["name"] == "values")["marker"]["color"]
        assert before != after
    finally:
        shutil.rmtree(other)


def test_a_second_model_that_cannot_be_read_leaves_the_page(app, shelf):
    other = shelf / "models" / "twin"
    shutil.copytree(shelf / "models" / "tiny", other)
    weights = (other / "model.safetensors").read_bytes()
    (other / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    try:
        test = app(second="twin")
        assert not test.exception and len(test.error) == 1 and "model_sha256" in test.error[0].value.replace("\\", "")
        assert figure(test)["data"]
    finally:
        shutil.rmtree(other)


def test_a_model_without_thoughts_says_so(app, shelf):
    shutil.copytree(shelf / "models" / "tiny", shelf / "models" / "words")
    card = json.loads((shelf / "models" / "words" / "coconut.json").read_text())
    card |= {"method": "cot", "max_thoughts": 0}
    (shelf / "models" / "words" / "coconut.json").write_text(json.dumps(card))
    try:
        test = app(model="words", k=3)
        assert not test.exception and not test.error
        assert "has no thoughts" in shown(test)
    finally:
        shutil.rmtree(shelf / "models" / "words")
