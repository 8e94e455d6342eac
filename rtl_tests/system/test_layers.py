"""Which package may import which: the plan of the house, held against every import."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"boldhw": "boldhw", "boldhost": "host/boldhost", "boldboards": "boards/boldboards"}
# From the ground up. A package imports those of lower layers and itself, none of its own layer.
LAYERS = [
    {"errors"},
    {"programs", "cache", "spread"},
    {"spec"},
    {"data", "reference"},
    {"golden", "gateware", "boldhost", "energy"},
    {"boldboards"},
    {"cosim", "classifier", "export"},
    {"check"},
    {"report"},
    {"flow", "experiments"},
    {"bench"},
    {"cli"},
]
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}
# Narrower than their layer: the contract is all that a driver and the hardware share.
ONLY = {"boldhost": {"spec", "errors"}, "gateware": {"spec", "errors"}}


def package_of(module):
    """Return the package, or the loose module of ``boldhw``, that a module belongs to, or None."""
    top, _, rest = module.partition(".")
    if top == "boldhw":
        return rest.partition(".")[0] or None
    return top if top in FOLDERS else None


def imports(tree):
    """Yield the modules that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden(package, text):
    """Return the packages that the text of a module of ``package`` imports and must not."""
    found = {package_of(module) for module in imports(ast.parse(text))} - {None, package}
    return {
        other for other in found
        if LAYER_OF[other] >= LAYER_OF[package] or other not in ONLY.get(package, found)
    }  # fmt: skip


def sources():
    """Yield (package, path) of every module; ``boldhw/__init__.py`` belongs to none."""
    for top, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            name = ".".join([top, *parts])
            if name != "boldhw.__init__":
                yield package_of(name), path


@pytest.mark.parametrize("package", sorted(LAYER_OF))
def test_a_package_imports_what_is_below_it(package):
    paths = [path for name, path in sources() if name == package]
    assert paths
    assert {str(path): bad for path in paths if (bad := forbidden(package, path.read_text()))} == {}


def test_every_module_has_a_layer():
    assert {name for name, _ in sources()} == set(LAYER_OF)


@pytest.mark.parametrize(
    ("package", "line", "bad"),
    [
        ("gateware", "from boldhw.golden import rule", {"golden"}),
        ("golden", "import boldhw.gateware.top", {"gateware"}),
        ("golden", "from boldhost.device import Device", {"boldhost"}),
        ("boldhost", "def f():\n    from boldhw.cosim.transport import SimTransport", {"cosim"}),
        ("boldhost", "from boldhw.data import files", {"data"}),
        ("spec", "from boldhw import golden, errors", {"golden"}),
        ("cli", "from boldhw.flow import build", set()),
    ],
)
def test_a_planted_import_is_found(package, line, bad):
    assert forbidden(package, line) == bad


def test_few_modules_are_loose():
    loose = {path.stem for path in (ROOT / "boldhw").glob("*.py")} - {"__init__"}
    assert len(loose) <= 5, loose


def test_no_test_imports_another():
    """What several tests use is in ``support``."""
    for path in (ROOT / "rtl_tests").rglob("*.py"):
        found = {module.partition(".")[0] for module in imports(ast.parse(path.read_text()))}
        assert not [name for name in found if name.startswith(("test_", "bench_"))], path


def test_no_two_tests_have_one_name():
    """pytest imports tests by their names alone, and a simulation its bench."""
    names = Counter(path.name for path in (ROOT / "rtl_tests").rglob("*.py"))
    assert {name for name, count in names.items() if count > 1} <= {"conftest.py"}
