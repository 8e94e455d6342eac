"""Code blocks of documentation pages, and what runs them as a reader would.

A block begins with three backticks and its language. A comment in the line before it, which readers
do not see, is its mark:

    <!-- not run: WHY -->            it cannot run here; its command lines are parsed
    <!-- on the simulated board -->  `auto`, the board on USB, is the simulated one
    <!-- needs: PROGRAM -->          it is skipped where there is no such program
    <!-- file: NAME -->              the reader writes it to a file
    <!-- output -->                  its lines are in what the block before it printed; `...` in a
                                     line stands for anything
    <!-- form -->                    it is no code, but shows the form of something
"""

import re
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import click

from boldhw.cli.main import main
from boldhw.cli.verbs import cli

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"(?:^<!-- (?P<mark>[^\n]+) -->\n)?^```(?P<language>\w*)[^\n]*\n"
                   r"(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)  # fmt: skip
INCLUDED = re.compile(r'^--8<-- "(?P<path>[^":]+)"$', re.MULTILINE)
NOT_RUN, BOARD, NEEDS = "not run: ", "on the simulated board", "needs: "
FILE, OUTPUT, FORM = "file: ", "output", "form"
MARKS = (NOT_RUN, BOARD, NEEDS, FILE, OUTPUT, FORM)


@dataclass(frozen=True)
class Block:
    """A block of code: the line it begins at, its language, its mark or "", and its text."""

    line: int
    language: str
    mark: str
    text: str


def blocks_of(text):
    """Return the Blocks of a page."""
    return [
        Block(text.count("\n", 0, match.start()) + 1, match["language"], match["mark"] or "",
              match["text"])
        for match in FENCE.finditer(text)
    ]  # fmt: skip


def included(path):
    """Return the text of a file that a page includes, one of rtl_tests, where something runs it."""
    assert path.startswith("rtl_tests/")
    assert (ROOT / path).is_file(), f"there is no {path}"
    return (ROOT / path).read_text()


def command_lines(text):
    """Return the lines of a shell block, without comments; those that go on are joined."""
    joined = text.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def command_of(words):
    """Return (command, its words) of a line of boldhw: the verb, or that of a group of verbs."""
    command = cli
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def parsed(line):
    """Have click parse a line of boldhw; nothing is run. What follows > is the shell's."""
    words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
    if words == ["--version"]:
        return
    command, words = command_of(words)
    assert command is not cli, line
    command.make_context(line, words)


class Reader:
    """Somebody who types a page, block by block, in one folder and one session of Python."""

    def __init__(self, folder):
        self.folder, self.names, self.printed = folder, {"__name__": "__main__"}, ""

    def read(self, block):
        """Do with a block what its mark and its language say. Raises AssertionError if it fails."""
        mark, text = block.mark, block.text
        assert not mark or mark.startswith(MARKS), f"unknown mark {mark!r}"
        text = INCLUDED.sub(lambda match: included(match["path"]), text)
        if text != block.text and not mark.startswith(FILE):
            assert not mark
        elif mark.startswith(NOT_RUN):
            for line in command_lines(text):
                if line.startswith("boldhw "):
                    parsed(line)
        elif mark.startswith(FILE):
            path = self.folder / mark.removeprefix(FILE)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif mark == OUTPUT:
            self._compare(text)
        elif mark != FORM and not self._lacks(mark):
            self._run(block)

    def _lacks(self, mark):
        return mark.startswith(NEEDS) and not shutil.which(mark.removeprefix(NEEDS))

    def _run(self, block):
        text = block.text
        if block.mark == BOARD:
            text = re.sub(r"\bauto\b", "sim", text)
        self.printed = ""
        if block.language == "python":
            out = StringIO()
            with redirect_stdout(out):
                exec(compile(text, f"line {block.line}", "exec"), self.names)
            self.printed = out.getvalue()
        else:
            assert block.language == "sh", f"nothing runs a block of {block.language!r}"
            for line in command_lines(text):
                self._type(line)

    def _type(self, line):
        """Run a line of a shell; those of boldhw alone in this process, which saves its start."""
        words = shlex.split(line, comments=True)
        if words[0] == "boldhw" and not {"|", ">", "&&", ";"} & set(words):
            out = StringIO()
            with redirect_stdout(out):
                code = main(words[1:])
            self.printed += out.getvalue()
            assert code == 0, f"{line}: exit code {code}"
            return
        python = f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
        command = ["bash", "-ec", f"{python}\n{line}"]
        ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        self.printed += ran.stdout
        assert ran.returncode == 0, f"{line}: {ran.stderr}"

    def _compare(self, text):
        """Find the lines of ``text`` in what was printed, one after the other."""
        printed = [" ".join(line.split()) for line in self.printed.splitlines()]
        place = 0
        for line in filter(None, (" ".join(line.split()) for line in text.splitlines())):
            pattern = ".*".join(map(re.escape, line.split("...")))
            found = [n for n in range(place, len(printed)) if re.fullmatch(pattern, printed[n])]
            assert found, f"{line!r} is not in what was printed: {printed[place:]}"
            place = found[0] + 1
