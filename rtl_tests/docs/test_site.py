"""The site builds without a warning, and what is made from the code is as the code is."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from support.pages import ROOT

from boldhw.cli.main import main
from boldhw.cli.verbs import cli
from boldhw.errors import ConfigError, DataError
from boldhw.golden.hyper import Hyper
from boldhw.report import pages
from boldhw.report.hyper_pictures import pictures

DOCS = ROOT / "docs"
SETTINGS = DOCS / "site" / "mkdocs.yml"
KINDS = ("Tutorials", "How-to", "Reference", "Explanation")


def build(settings, folder):
    """Run MkDocs; return the process. With --quiet it would count no warnings."""
    words = ("-m", "mkdocs", "build", "--config-file", settings, "--site-dir", folder)
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    ran = build(SETTINGS, folder)
    assert ran.returncode == 0, ran.stderr
    assert "WARNING" not in ran.stderr
    return folder


def test_it_builds_strictly(site):
    assert yaml.safe_load(SETTINGS.read_text())["strict"] is True
    built = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    written = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    assert built == written | {"404", "readme", "contributing", "changelog"}


def test_it_loads_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(http[^"]+)"',
                            page.read_text())  # fmt: skip
        assert loaded == [], page.name


def test_the_reference_of_python_has_tables_of_parameters(site):
    text = (site / "reference" / "python.html").read_text()
    for name in ("boldhw.golden.hyper.Hyper", "boldhw.spec.engine.EngineConfig"):
        assert f'id="{name}"' in text
    assert text.count("<b>Parameters:</b>") + text.count(">Parameters:</span>") >= 10
    assert not re.search(r":(class|func|data|meth|mod):<code>", text)


def test_included_files_are_on_the_page(site):
    text = (site / "howto" / "verilog.html").read_text()
    assert "an_engine_learns" in text
    assert "get_runner" in text
    assert "8&lt;" not in text


def test_the_page_of_the_command_line_has_all_options(site):
    text = (site / "cli.html").read_text()
    for name, command in cli.commands.items():
        if not isinstance(command, click.Group):
            assert f"All options of boldhw {name}<" in text
            names = [
                option.opts[-1] for option in command.params if isinstance(option, click.Option)
            ]
            assert all(option in text for option in names), name


def test_there_are_four_kinds_of_pages():
    nav = yaml.safe_load(SETTINGS.read_text())["nav"]
    assert [next(iter(entry)) for entry in nav] == ["Home", *KINDS]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("nothing wrong", None),
        ("[a](nothing.md)", "nothing.md"),
        ("[a](index.md#nothing)", "nothing"),
        ("![a](nothing.svg)", "nothing.svg"),
        ("[a](LICENSE-2)", "LICENSE-2"),
    ],
)
def test_a_broken_link_is_found(tmp_path, page, said):
    """With the settings of the site, on one page."""
    settings = yaml.safe_load(SETTINGS.read_text())
    settings |= {"docs_dir": "pages", "nav": [{"Home": "index.md"}], "plugins": [], "hooks": []}
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text(f"# A page\n{page}\n")
    (tmp_path / "pages" / "site.css").touch()
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(settings))
    ran = build(tmp_path / "mkdocs.yml", tmp_path / "built")
    assert ran.returncode == (said is not None), ran.stderr
    assert (said or "") in ran.stderr


def test_extras_in_the_tutorial_are_those_of_the_package():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    table = re.findall(r"^\| `(\w+)` \|", (DOCS / "tutorials/install.md").read_text(), re.MULTILINE)
    assert set(table) == set(extras["optional-dependencies"])


class TestMadeFromTheCode:
    """Tables and pictures of ``boldhw dev pages``."""

    def test_all_are_as_the_code_is(self):
        assert [path.name for path in pages.stale(DOCS)] == []

    def test_a_picture_for_each_hyper_parameter(self):
        assert set(pictures()) == set(vars(Hyper()))
        page = (DOCS / "reference/hyper.md").read_text()
        shown = re.findall(r"^!\[(\w+)\]\(\.\./figures/hyper/(\w+)\.svg\)$", page, re.MULTILINE)
        heads = re.findall(r"^## (\w+)$", page, re.MULTILINE)
        assert [(name, name) for name in vars(Hyper())] == shown
        assert heads == list(vars(Hyper()))

    @pytest.fixture
    def copy(self, tmp_path):
        """A folder of pages whose tables and pictures are old."""
        page = tmp_path / pages.PROTOCOL
        page.parent.mkdir()
        page.write_text("# A\n<!-- table: version -->\nold\n<!-- end -->\nkept\n")
        picture = tmp_path / pages.HYPER / "margin.svg"
        picture.parent.mkdir(parents=True)
        picture.write_text("old")
        return tmp_path

    def test_what_is_old_is_written_again(self, copy, capfd):
        assert main(["dev", "pages", "--docs", str(copy)]) == 0
        assert "margin.svg" in capfd.readouterr().out
        text = (copy / pages.PROTOCOL).read_text()
        assert "| version |" in text
        assert "old" not in text
        assert text.endswith("<!-- end -->\nkept\n")
        assert (copy / pages.HYPER / "margin.svg").read_text() == pictures()["margin"]
        assert pages.stale(copy) == {}
        assert main(["dev", "pages", "--docs", str(copy)]) == 0
        assert "all pages are as the code is" in capfd.readouterr().out

    def test_an_unknown_table_is_refused(self):
        with pytest.raises(DataError, match="no table 'verison'; the tables are status, "):
            pages.filled("<!-- table: verison -->\n<!-- end -->")

    def test_another_folder_is_refused(self, tmp_path):
        with pytest.raises(ConfigError, match=re.escape(f"{tmp_path} has no reference/protocol")):
            pages.stale(Path(tmp_path))
