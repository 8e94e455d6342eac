"""What the site adds to its pages: those at the top of the repository, and links to them."""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
# Page of the site -> file of the repository that it is.
TOP = {
    "readme.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "license.txt": "LICENSE",
}
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
    here = TOP.get(uri, f"docs/{uri}")

    def replaced(match):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), match[2]))
        return f"{match[1]}{moved(target, uri)}{match[3] or ''}{match[4]}"

    return LINK.sub(replaced, markdown)


def moved(target, uri):
    """Return the link from a page to a file of the repository."""
    found = {name: page for page, name in TOP.items()}.get(target, target.removeprefix("docs/"))
    return posixpath.relpath(found, posixpath.dirname(uri) or ".")
