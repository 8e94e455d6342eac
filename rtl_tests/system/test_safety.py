"""What the code must not do, looked up in the code itself; and what it must refuse."""

import ast
import json
from pathlib import Path

import pytest
from boldboards import find_board

from boldhw import data
from boldhw.cli import options
from boldhw.cli.sim import sim
from boldhw.errors import BoldhwError, ConfigError
from boldhw.experiments import find
from boldhw.spec.network import Network

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for top in ("boldhw", "host", "boards") for path in (ROOT / top).rglob("*.py")
)
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in SOURCES}
# Modules that run what they read, and functions that do.
UNSAFE_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "pty",
    "telnetlib",
}
UNSAFE_NAMES = {"eval", "exec", "compile", "__import__"}
UNSAFE_CALLS = {
    "os.system", "os.popen", "os.setuid", "os.seteuid", "np.load", "numpy.load", "yaml.load",
    "re.match", "tempfile.mktemp", "subprocess.getoutput", "subprocess.check_output",
}  # fmt: skip
PROCESSES = {"subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call"}


def calls():
    """Yield (place, name of the function, call) of every call."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{path}:{node.lineno}", ast.unparse(node.func), node


def imports():
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((path, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield path, node.module or ""


def test_all_of_it_is_looked_at():
    assert len(TREES) > 80
    assert len(list(calls())) > 2000


def test_nothing_runs_what_it_reads():
    """Model files are data: no pickle, no evaluated text."""
    assert not [where for where in imports() if where[1].partition(".")[0] in UNSAFE_MODULES]
    found = [place for place, name, _ in calls() if name in UNSAFE_NAMES | UNSAFE_CALLS]
    assert not found
    asked = [node for _, _, node in calls() for word in node.keywords if word.arg == "allow_pickle"]
    assert not asked


def test_no_command_goes_through_a_shell():
    """Each is a list of words, none of which is sudo."""
    found = [(place, node) for place, name, node in calls() if name in PROCESSES]
    assert len(found) >= 4
    for place, node in found:
        assert isinstance(node.args[0], ast.List | ast.ListComp), place
        assert not [word for word in node.keywords if word.arg == "shell"], place
        words = [item.value for item in ast.walk(node.args[0]) if isinstance(item, ast.Constant)]
        assert not {"sudo", "su", "pkexec", "sh", "bash"} & set(words), place


def test_pages_are_escaped():
    found = [node for _, name, node in calls() if name.endswith("Environment")]
    assert found
    for node in found:
        values = {word.arg: ast.unparse(word.value) for word in node.keywords}
        assert values.get("autoescape") == "True"


def test_only_the_simulated_board_listens_and_only_on_this_machine():
    """test_server.py has it refuse every other address."""
    binds = {place.partition(":")[0] for place, name, _ in calls() if name.endswith(".bind")}
    assert binds == {"boldhw/cosim/server.py"}
    listen = next(option for option in sim.params if option.name == "listen")
    assert listen.default == "127.0.0.1:5555"
    assert not [place for place, name, _ in calls() if name.endswith("create_server")]


def test_nothing_is_written_outside_the_users_folders():
    """The udev rule is printed: /etc is named in its text only, and nothing becomes root."""
    named = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and str(node.value).startswith(("/etc", "/usr", "/dev"))
    ]
    assert [place.partition(":")[0] for place in named] == ["host/boldhost/ports.py"]


def test_users_files_are_replaced_by_one_unit_only():
    """Fault 4: what writes on its own does so in a folder of its own, or adds to a journal."""
    temporary = {
        "boldhw/flow/build.py", "boldhw/flow/calibrate.py", "boldhw/flow/synthesis.py",
        "boldhw/flow/digests.py",
        "boldhw/cosim/transport.py", "boldhw/cosim/build.py", "boldhw/cosim/upset.py",
    }  # fmt: skip
    journals = {
        "boldhw/flow/qor.py", "boldhw/flow/explore.py", "boldhw/experiments/experiment.py",
        "boldhw/report/epochs.py",
    }  # fmt: skip
    found = {"w": set(), "a": set(), "replace": set()}
    for place, name, node in calls():
        file, function = place.partition(":")[0], name.rpartition(".")[2]
        if function in ("write_text", "write_bytes"):
            found["w"].add(file)
        if function == "open":
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            modes = {"w": "w", "wb": "w", "x": "w", "xb": "w", "a": "a", "ab": "a"}
            for mode in modes.keys() & texts:
                found[modes[mode]].add(file)
        if name in ("os.replace", "os.rename", "shutil.move", "shutil.copy"):
            found["replace"].add(file)
    assert found["w"] == temporary | {"boldhw/data/files.py"}
    assert found["a"] == journals
    assert found["replace"] == {"boldhw/data/files.py", "boldhw/cosim/build.py"}


@pytest.mark.parametrize("name", ["icebreaker\n", " icebreaker", "ICEBREAKER", "../icebreaker"])
def test_names_are_compared_in_full(name):
    for look_up in (find_board, find, data.load):
        with pytest.raises(BoldhwError, match=r"not known|no experiment|neither"):
            look_up(name)


@pytest.mark.parametrize(
    "text", ["784-10\n", "784-10 ", "784--10", "-784-10", "784-0-10", "7e2-10"]
)
def test_networks_are_read_in_full(text):
    with pytest.raises(ConfigError, match="is not a list of layer widths"):
        Network.parse(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"elements": 1e999}', '{"a": 1}', "[]", "", "\0"])
def test_an_engine_file_is_read_as_data(tmp_path, text):
    path = tmp_path / "engine.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"engine file .* cannot be used|must be an integer"):
        options.read_config(path)


def test_a_huge_engine_is_refused_before_anything_is_built(tmp_path):
    path = tmp_path / "engine.json"
    sizes = {"elements": 40, "lanes": 320, "batch": 1, "accumulator_bits": 6}
    path.write_text(json.dumps({**sizes, "weight_rows": 1 << 40, "data_rows": 1, "signal_rows": 1}))
    with pytest.raises(ConfigError, match="weight_rows=1099511627776 must be"):
        options.read_config(path)
