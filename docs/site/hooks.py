"""What the site adds to its pages: those at the top of the repository, and links to them."""

import posixpath
import re
from pathlib import Path

import click
from mkdocs.structure.files import File

from boldhw.cli.verbs import cli

ROOT = Path(__file__).parents[2]
# Page of the site -> file of the repository that it is.
TOP = {
    "readme.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "license.txt": "LICENSE",
}
BAR = "\\|"  # in a cell of a table
VERB = re.compile(r"^## (\w+)\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
INCLUDED = re.compile(r'^--8<-- "(\S+)"\n', re.MULTILINE)  # a file of the repository
OUTPUT = re.compile(r"<!-- output -->\n```text")
ROLE = re.compile(r":(?:class|data|func|meth|mod|attr):(<code>)~?")
LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?(\))")


def on_files(files, config):
    """Add the pages at the top of the repository, and the style sheet."""
    for page, name in TOP.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text()))
    style = Path(__file__).with_name("site.css").read_text()
    files.append(File.generated(config, "site.css", content=style))
    return files


def on_page_markdown(markdown, page, **_):
    """Have links that are right in the repository lead to the same pages on the site."""
    uri = page.file.src_uri
    if uri == "index.md":
        page.meta["hide"] = ["navigation", "toc"]  # it is a list of all pages itself
    if uri == "cli.md":
        markdown = VERB.sub(lambda match: match[0] + options_of(match[1]), markdown)
    markdown = INCLUDED.sub(lambda match: (ROOT / match[1]).read_text(), markdown)
    markdown = OUTPUT.sub("``` {.text .output}", markdown)
    here = TOP.get(uri, f"docs/{uri}")

    def replaced(match):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), match[2]))
        return f"{match[1]}{moved(target, uri)}{match[3] or ''}{match[4]}"

    return LINK.sub(replaced, markdown)


def options_of(verb):
    """Return a folded table of all options of a verb, as its help has them; none of a group."""
    command = cli.commands[verb]
    if isinstance(command, click.Group):
        return ""
    context = click.Context(command, info_name=f"boldhw {verb}")
    records = filter(None, (option.get_help_record(context) for option in command.params))
    lines = ["| option | meaning |", "|---|---|"]
    for names, meaning in records:
        cells = (f"`{names}`", " ".join(meaning.split()).replace("[", "\\["))
        lines.append(f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |")
    folded = "\n".join(f"    {line}" for line in lines)
    return f'\n??? info "All options of boldhw {verb}"\n\n{folded}\n\n'


def on_page_content(html, page, **_):
    """Show names in docstrings without their roles of Sphinx."""
    return ROLE.sub(r"\1", html)


def moved(target, uri):
    """Return the link from a page to a file of the repository."""
    found = {name: page for page, name in TOP.items()}.get(target, target.removeprefix("docs/"))
    return posixpath.relpath(found, posixpath.dirname(uri) or ".")
