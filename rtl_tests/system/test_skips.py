"""What will be skipped is said before the first test."""

import shutil
from pathlib import Path

from support import session


def test_missing_programs_are_named_first(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    lines = session.skipped()
    assert [line.split()[2] for line in lines] == list(session.PROGRAMS)
    assert all("sudo apt-get install" in line for line in lines)


def test_nothing_is_skipped_where_all_is_there(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert session.skipped() == ["nothing will be skipped"]


def test_the_longest_files_are_there():
    folder = Path(session.__file__).parents[1]
    assert [name for name in session.LONGEST if not (folder / name).exists()] == []
