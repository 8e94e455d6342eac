"""What README.md and docs/ tell the reader to type works as it is written (fault 23)."""

import re
import shlex
from pathlib import Path

import click
import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from support.golden_board import GoldenBoard

from boldhw.cli.verbs import cli

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
PYTHON = [
    (page, block) for page, text in PAGES.items()
    for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
]  # fmt: skip
LINES = [
    (page, line) for page, text in PAGES.items()
    for line in re.findall(r"^    boldhw (?!VERB|experiment NAME)(.+)$", text, re.MULTILINE)
]  # fmt: skip
SITE = {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "docs").rglob("*.md")
}
MENTIONS = [
    (page, line) for page, text in {**SITE, **PAGES}.items()
    for line in re.findall(r"`boldhw\s+(?!VERB)([^`]+)`", text)
]  # fmt: skip


@pytest.mark.parametrize(("page", "block"), PYTHON)
def test_python_blocks_run(page, block, monkeypatch, capsys):
    """The simulated board is one made of the golden model; each block prints an accuracy."""
    monkeypatch.setattr("boldhost.client.open_transport", lambda *_: GoldenBoard(ICEBREAKER))
    exec(compile(block, page, "exec"), {})
    assert 0.6 < float(capsys.readouterr().out) <= 1


def command_of(words):
    """Return (command, its words) of a line: the verb, or that of the group of verbs."""
    command = cli
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize(("page", "line"), LINES)
def test_commands_are_understood(page, line):
    """click takes verb, options and arguments; nothing is run. What follows > is the shell's."""
    words = shlex.split(line.partition(" > ")[0], comments=True)
    command, words = command_of(words)
    assert command is not cli
    if "--against" in words:
        words[words.index("--against") + 1] = __file__  # it must exist
    command.make_context(line, words)


@pytest.mark.parametrize(("page", "line"), sorted(set(MENTIONS)))
def test_options_in_the_text_exist(page, line):
    line = line.partition(" | ")[0]  # the rest is another program
    command, words = command_of([word.strip("[].") for word in line.split()])
    known = {name for option in command.params for name in option.opts}
    known |= {name for option in command.params for name in option.secondary_opts}
    assert {word for word in words if word.startswith("-")} <= known | {"--help"}


def test_something_is_looked_at():
    assert {"README.md", "docs/classifier.md"} <= {page for page, _ in PYTHON}
    assert len([line for page, line in LINES if page == "README.md"]) >= 6
    assert {line.split()[0] for _, line in LINES} == set(cli.commands)
    with pytest.raises(click.NoSuchOption):
        cli.commands["train"].make_context("train", ["--date", "mnist5k"])


def test_figures_of_mnist_name_its_folder():
    """A row on MNIST cannot be repeated with the default data set; tables come with their own."""
    rows = [line for line in PAGES["README.md"].splitlines() if line.startswith("|")]
    measured = [
        row
        for row in rows
        if re.search("boldhw (experiment (?!(chain-)?tables)|bench --suite)", row)
    ]
    assert len(measured) >= 5
    assert all("--data DIR" in row for row in measured)
