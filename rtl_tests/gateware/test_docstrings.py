"""Every component describes its ports in one form, and describes those that it has.

The form, in numpydoc sections: one line; how; Parameters, of a component that takes any; Members,
each port with its type as Amaranth has it; Latency. A member's type is Python that is evaluated
here, with the names of the component's module, of its parameters and of all signatures of the
gateware: ``In(config.lanes)``. A component whose ports are those of a signature, or of its base
class, refers to the docstring of that instead.
"""

import gc
import importlib
import inspect
import pkgutil
import re
from dataclasses import replace

import pytest
from amaranth.hdl import UnusedElaboratable, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from support.unit_config import CONFIG, STORED

from boldhw import gateware
from boldhw.gateware.store.sdram import SDRAM_32_MB
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.ram import Ram

# Engines that have among them every port that an engine can have.
PLAIN = [
    CONFIG,
    replace(CONFIG, training=False),
    replace(CONFIG, stochastic=True, decay=True),
    replace(CONFIG, dual_port=True),
    replace(CONFIG, dual_port=True, elements=32, lanes=64, max_fan_in=127),  # of several regions
]
STORES = [config for config in STORED.values() if not config.runs_ops]
CONFIGS = {
    "DspArray": [replace(CONFIG, dsp_sums=True)],
    "Records": list(STORED.values()),
    "Store": STORES,
}

ARGUMENTS = {
    "address_bits": 17,
    "baud": 3_000_000,
    "chip": SDRAM_32_MB,
    "clock_hz": 24_000_000,
    "divider": 8,
    "inner": 1,
    "levels": (8, 16),
    "rows": 16,
    "size": ArraySize(elements=4, lanes=16, weight_rows=64),
    "width": 5,
    "shape": Ram(5, 4),
}
AMARANTH = {"In": In, "Out": Out, "data": data, "signed": signed, "stream": stream}
REFERENCE = re.compile(r":(?:class|func|mod):`([\w.]+)`")
HEAD = re.compile(
    r"(?P<names>\w+(?:, \w+)*) : (?P<type>.+?)(?P<kind>, registered|, combinational)?"
)
ELSEWHERE = re.compile(r"Those of :class:`(\w+)`(?P<flipped>, flipped)?\.")
# Of time and of machines: "after", "one cycle later", "is stored", "path", "transposed".
AVOIDED = re.compile(r"\b(behind|ahead|stands?|stood|lies?|asks?|says?|wants?|turned)\b")


@pytest.fixture(scope="module", autouse=True)
def never_elaborated():
    """Components are looked at here, and Amaranth need not warn that nothing uses them.

    They are gone at the end, so that no other test gets a warning of them.
    """
    UnusedElaboratable._MustUse__silence = True
    yield
    gc.collect()
    UnusedElaboratable._MustUse__silence = False


def classes(base):
    """Return the subclasses of ``base`` in the gateware, in the order of their modules."""
    found = []
    for info in pkgutil.walk_packages(gateware.__path__, "boldhw.gateware."):
        module = importlib.import_module(info.name)
        found += [
            value for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, base)
            and value.__module__ == info.name
        ]  # fmt: skip
    return found


SIGNATURES = {each.__name__: each for each in classes(wiring.Signature)}


def parameters(component):
    """Return the parameters of a component, without ``self``; none if it takes those of wiring."""
    if component.__init__ is wiring.Component.__init__:
        return {}
    return dict(inspect.signature(component).parameters)


def instances(component):
    """Return [(component, its arguments by name)], one for each engine where it has a config."""
    names = parameters(component)
    configs = CONFIGS.get(component.__name__, PLAIN + STORES) if "config" in names else [None]
    result = []
    for config in configs:
        given = {
            name: ARGUMENTS[name] for name, parameter in names.items()
            if parameter.default is parameter.empty and name != "config"
        }  # fmt: skip
        if config is not None:
            given["config"] = config
        defaults = {name: parameter.default for name, parameter in names.items()}
        result.append((component(**given), defaults | given))
    return result


def sections(docstring):
    """Return the lines of each section by its heading; those before the first one at ''."""
    result: dict = {"": []}
    lines = docstring.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if following and following == "-" * len(line):
            result[line] = []
        elif not line or line.strip("-"):
            result[list(result)[-1]].append(line)
    return result


def entries(lines):
    """Return [(match of the head, its text, description)] of a section; the match can be None."""
    result: list = []
    for line in lines:
        if line and not line.startswith(" "):
            result.append([HEAD.fullmatch(line), line, ""])
        elif line and result:
            result[-1][2] += f"{line} "
    return result


def described(component):
    """Return the entries of Members, the class that has them, and whether of its other side."""
    lines = sections(inspect.cleandoc(component.__doc__))["Members"]
    elsewhere = ELSEWHERE.fullmatch("".join(lines))
    if not elsewhere:
        return entries(lines), component, False
    owner = getattr(inspect.getmodule(component), elsewhere[1])
    members = sections(inspect.cleandoc(owner.__doc__))["Members"]
    return entries(members), owner, bool(elsewhere["flipped"])


def problems(component):
    """Return what the docstring of a component lacks, as a list of texts."""
    docstring = inspect.cleandoc(component.__doc__ or "")
    found = sections(docstring)
    names = parameters(component)
    wanted = ["", *(["Parameters"] if names else []), "Members", "Latency"]
    if list(found) != wanted:
        return [f"sections {list(found)}, not {wanted}"]
    head = found[""]
    result = [] if head[0].endswith(".") and not "".join(head[1:2]) else ["first line"]
    result += [f"word {word}" for word in AVOIDED.findall(docstring)]
    result += [] if "".join(found["Latency"]).strip() else ["Latency is empty"]
    result += dangling(docstring, component)
    own, owner, flipped = described(component)
    items = entries(found.get("Parameters", [])) + own
    result += [f"no type: {text}" for match, text, _ in items if match is None]
    result += [f"no meaning: {text}" for _, text, meaning in items if not meaning]
    if result:
        return result
    documented = [match["names"] for match, _, _ in entries(found.get("Parameters", []))]
    if documented != list(names):
        return [f"parameters {documented}, not {list(names)}"]
    return member_problems(component, own, owner, flipped)


def evaluated(text, scope):
    """Return the member that a type describes; None if it is no Python of its component."""
    try:
        return eval(text, AMARANTH | SIGNATURES | scope)
    except (AttributeError, NameError, SyntaxError, TypeError):
        return None


def dangling(docstring, component):
    """Return the names that a docstring refers to and that are nowhere."""
    result = []
    for name in REFERENCE.findall(docstring):
        path = name if name.startswith("boldhw.") else f"{component.__module__}.{name}"
        try:
            pkgutil.resolve_name(path)
        except (AttributeError, ImportError):
            result.append(f"reference to {name}")
    return result


def same(one, other):
    """Return whether two members are the same; signatures are, if all their members are."""
    if one is None:
        return False
    if one.is_port or other.is_port or one.flow != other.flow:
        return one == other
    ours, theirs = one.signature.members, other.signature.members
    return ours.keys() == theirs.keys() and all(same(ours[name], theirs[name]) for name in ours)


def member_problems(component, own, owner, flipped):
    """Return what is wrong in the Members of a docstring, against those that the component has.

    A base class may have members that a component has not.
    """
    documented = {
        name: (match, meaning) for match, _, meaning in own
        for name in match["names"].split(", ")
    }  # fmt: skip
    result, existing = [], set()
    for instance, arguments in instances(component):
        modules = vars(inspect.getmodule(owner)) | vars(inspect.getmodule(component))
        scope = modules | arguments
        for name, member in instance.signature.members.items():
            existing.add(name)
            if name not in documented:
                result.append(f"not documented: {name}")
                continue
            match, meaning = documented[name]
            there = member.flip() if flipped else member  # as the docstring has it
            if not match["type"].startswith(("In(", "Out(")):
                result.append(f"no direction: {name}")
            elif not same(evaluated(match["type"], scope), there):
                result.append(f"{name} is {there}, not {match['type']}")
            if member.flow == Out and member.is_port:
                kind = f"{match['kind']} {meaning}".lower()
                if not re.search("registered|combinational", kind):
                    result.append(f"registered or not: {name}")
    if flipped or owner is component:
        result += [f"not a member: {name}" for name in documented if name not in existing]
    return sorted(set(result))


@pytest.mark.parametrize("component", classes(wiring.Component), ids=lambda c: c.__name__)
def test_every_component_has_the_form(component):
    assert problems(component) == []


class Sample(wiring.Component):
    """Add one.

    Parameters
    ----------
    width : int
        Bits of the number.

    Members
    -------
    number : In(width)
        The number.
    more : Out(width), registered
        The number and one.

    Latency
    -------
    1 cycle.
    """

    def __init__(self, width):
        super().__init__({"number": In(width), "more": Out(width)})


class SamplePort(wiring.Signature):
    """A number to add one to. Members are those of the user.

    Members
    -------
    number : Out(4)
        The number.
    more : In(4), registered
        The number and one.
    """

    def __init__(self):
        super().__init__({"number": Out(4), "more": In(4)})


class SampleUnit(wiring.Component):
    """Add one.

    Members
    -------
    Those of :class:`SamplePort`, flipped.

    Latency
    -------
    1 cycle.
    """

    def __init__(self):
        super().__init__({**SamplePort().flip().members})


class SampleHeir(Sample):
    """Add one, too.

    Parameters
    ----------
    width : int
        Bits of the number.

    Members
    -------
    Those of :class:`Sample`.

    Latency
    -------
    1 cycle.
    """


PLANTED = {
    "a member is missing": ("number : In(width)\n    The number.\n", "", "not documented: number"),
    "there is no such member": ("Latency\n", "x : In(1)\n    It.\n\nLatency\n", "not a member: x"),
    "a width is wrong": ("In(width)", "In(width + 1)", "number is"),
    "a width is no Python": ("In(width)", "In(the width)", "number is"),
    "a direction is wrong": ("number : In", "number : Out", "number is"),
    "a direction is missing": ("number : In(width)", "number : width", "no direction: number"),
    "a type is missing": ("number : In(width)", "number", "no type: number"),
    "a meaning is missing": ("    The number.\n", "", "no meaning: number"),
    "registered or not": (", registered", "", "registered or not: more"),
    "a parameter is missing": ("width : int\n    Bits of the number.\n", "", "parameters []"),
    "a section is missing": ("Latency\n-------\n1 cycle.", "", "sections"),
    "a section is empty": ("1 cycle.", "", "Latency is empty"),
    "there is no first line": ("Add one.\n", "Add one\nto it.\n", "first line"),
    "a reference dangles": ("Add one.", "Add one, see :func:`add`.", "reference to add"),
    "a word is avoided": ("1 cycle.", "1 cycle behind it.", "word behind"),
}


@pytest.mark.parametrize("sample", [Sample, SampleUnit, SampleHeir])
def test_the_form_of_the_samples_is_right(sample):
    assert problems(sample) == []


def test_planted_docstring_of_a_signature_is_found(monkeypatch):
    docstring = inspect.cleandoc(SamplePort.__doc__)
    monkeypatch.setattr(SamplePort, "__doc__", docstring.replace("more : In(4)", "more : Out(4)"))
    assert problems(SampleUnit) == ["more is In(4), not Out(4)"]


def test_planted_docstring_of_a_base_class_is_found(monkeypatch):
    docstring = inspect.cleandoc(Sample.__doc__)
    monkeypatch.setattr(Sample, "__doc__", docstring.replace("In(width)", "In(width + 1)"))
    assert [each.partition(" is ")[0] for each in problems(SampleHeir)] == ["number"]


@pytest.mark.parametrize("case", PLANTED)
def test_planted_docstring_is_found(case, monkeypatch):
    old, new, problem = PLANTED[case]
    docstring = inspect.cleandoc(Sample.__doc__)
    assert docstring.count(old) == 1
    monkeypatch.setattr(Sample, "__doc__", docstring.replace(old, new))
    assert any(each.startswith(problem) for each in problems(Sample))
