"""Every code block of the site runs as it is written, page by page, in a folder of its own."""

import re

import click
import pytest
from support.pages import MARKS, NOT_RUN, ROOT, Reader, blocks_of, command_lines, parsed

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*/*.md"))
TOP = sorted(DOCS.glob("*.md"))
MOST_NOT_RUN = 10  # of all pages


@pytest.fixture
def reader(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Reader(tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_a_page_can_be_typed(page, reader):
    for block in blocks_of(page.read_text()):
        try:
            reader.read(block)
        except (AssertionError, Exception) as error:
            raise AssertionError(f"{page.name}, line {block.line}: {error}") from error


@pytest.mark.parametrize("page", TOP, ids=lambda page: page.stem)
def test_blocks_of_pages_of_reference_have_a_language_that_is_tested(page):
    """Their blocks of Python are run by test_docs.py, which makes the board of them."""
    assert {block.language for block in blocks_of(page.read_text())} <= {"python"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_no_block_hides_from_the_tests(page):
    """Blocks by indentation have no mark, and nothing runs them."""
    outside = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    commands = r"^    (boldhw|make|pip|python3?|git|from|import) .*"
    assert re.findall(commands, outside, re.MULTILINE) == []


def test_few_blocks_are_not_run():
    blocks = [block for page in PAGES for block in blocks_of(page.read_text())]
    left = [block for block in blocks if block.mark.startswith(NOT_RUN)]
    assert len(left) <= MOST_NOT_RUN < len(blocks) / 3
    assert all(len(block.mark) > len(NOT_RUN) + 5 for block in left)


MARKED = """\
<!-- file: a.txt -->
```text
x
```
```sh
cat a.txt \\
  a.txt
echo 1.5 s
```
<!-- output -->
```text
x
... s
```
```python
n = 1
```

```python
print(n + 1)
```
<!-- output -->
```text
2
```
<!-- on the simulated board -->
```python
port = "auto"
```
<!-- form -->
```json
{...}
```
<!-- needs: nothing_of_this -->
```sh
false
```
"""


class TestReader:
    """What reads the pages finds what is wrong with them."""

    @pytest.mark.parametrize(
        "text",
        [
            "```sh\nboldhw boards --nonsense\n```\n",
            "```sh\nfalse\n```\n",
            "```python\nassert False\n```\n",
            "```c\nint x;\n```\n",
            "<!-- not run: no board -->\n```sh\nboldhw flash --bord icebreaker\n```\n",
            "<!-- made up -->\n```sh\ntrue\n```\n",
            "```sh\necho one two\n```\n<!-- output -->\n```text\none three\n```\n",
            '```python\n--8<-- "rtl_tests/nothing.py"\n```\n',
            '```python\n--8<-- "boldhw/__init__.py"\n```\n',
        ],
    )
    def test_it_notices(self, reader, text):
        *before, last = blocks_of(text)
        for block in before:
            reader.read(block)
        with pytest.raises((AssertionError, click.UsageError)):
            reader.read(last)

    def test_it_does_what_the_marks_say(self, reader):
        blocks = blocks_of(MARKED)
        assert len(blocks) == 9
        for block in blocks:
            reader.read(block)
        assert reader.names["port"] == "sim"
        assert all(block.mark == "" or block.mark.startswith(MARKS) for block in blocks)

    def test_lines_are_those_of_a_shell(self):
        assert command_lines("# no\na \\\n b\n\nc\n") == ["a   b", "c"]
        parsed("boldhw boards > a.txt")
