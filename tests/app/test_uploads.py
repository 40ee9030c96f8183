"""Uploaded models live as long as the server, which leaves nothing behind."""

import subprocess
import sys

from workbench.choices.uploads import uploads


def test_uploaded_models_are_kept_in_the_folder_of_the_server(open_page, page_shelf):
    test = open_page("models")
    names = ("coconut.json", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    files = [(name, (page_shelf / "models" / "tiny" / name).read_bytes(), "") for name in names]
    uploader = next(each for each in test.get("file_uploader") if each.key == "files")
    uploader.set_value(files).run()
    test.text_input(key="folder_name").set_value("mine").run()
    next(button for button in test.button if button.label == "Add the files").click().run()
    assert not test.exception and not test.error
    assert "mine" in test.dataframe[0].value["model"].tolist()
    (weights,) = uploads().glob("*/mine/model.safetensors")
    assert weights.read_bytes() == files[2][1]


def test_the_folder_goes_with_the_server_or_when_the_next_one_begins(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def server(end: str) -> str:
        script = (
            f"import os, signal; from workbench.choices.uploads import *; print(uploads(), flush=True); {end}"
        )
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip()

    server("pass")
    assert list(tmp_path.iterdir()) == []
    killed = server("(uploads() / 'weights').touch(); os.kill(os.getpid(), signal.SIGKILL)")
    assert [str(path) for path in tmp_path.iterdir()] == [killed]
    server("pass")
    assert list(tmp_path.iterdir()) == []
