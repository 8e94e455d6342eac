"""Every placed cell gets the unit that it comes from, and a place in the picture."""

import re
import xml.etree.ElementTree as ET

import pytest

from boldhw.flow import floorplan
from boldhw.flow.synthesis import marks

LUT, FF, RAM = "LUT", "FF", "RAM40"
SVG = "{http://www.w3.org/2000/svg}"


def cell(kind, inputs, outputs, **attributes):
    """Return a cell as Yosys writes it; inputs and outputs are bits."""
    return {
        "type": kind,
        "attributes": attributes,
        "port_directions": {"I": "input", "O": "output"},
        "connections": {"I": inputs, "O": outputs},
    }


def design(cells, names):
    """Return a design with the model of a cell beside the one that counts."""
    nets = {name: {"bits": bits} for name, bits in names.items()}
    top = {"attributes": {"top": "1"}, "cells": cells, "netnames": nets}
    model = {"attributes": {"blackbox": "1"}, "cells": {}, "netnames": {}}
    return {"modules": {"MODEL": model, "top": top}}


# a register -> LUT -> LUT -> register of "sum"; a LUT behind that; a memory; a LUT of constants.
CELLS = {
    "first": cell(FF, [2], [3], src="unit:engine.core.loss|/share/map.v:1.2-3.4"),
    "near": cell(LUT, [3], [4]),
    "far": cell(LUT, [4, "1"], [5]),
    "last": cell(FF, [5], [6], src="unit:engine.core.array.element0"),
    "behind": cell(LUT, [6], [7]),
    "engine.core.weights$2.rows.0": cell(RAM, [7], [8, 9]),
    "ends": cell(LUT, [9], [10]),
    "alone": cell(LUT, ["0"], [11]),
    "engine.core": cell("$scopeinfo", [], []),
}
NAMES = {"a": [3], "b": [4], "c": [5], "d": [6], "e": [7], "row": [8, 9], "f": [10], "g": [11]}
UNITS = {
    "near": "array",
    "far": "array",
    "first": "loss",
    "last": "array",
    "behind": "weights",
    "engine.core.weights$2.rows.0": "weights",
    "ends": "weights",
    "alone": "other",
}


def placed(renamed=lambda name: name):
    """Return the same cells as nextpnr writes them, in a row, with bits of its own."""
    cells, nets = {}, {}
    names = {bit: f"row[{i}]" if len(bits) > 1 else name
             for name, bits in NAMES.items() for i, bit in enumerate(bits)}  # fmt: skip
    for x, name in enumerate(UNITS):
        source = CELLS[name]
        outputs = source["connections"]["O"]
        bits = {names[bit]: [100 + bit] for bit in outputs}
        place = {"NEXTPNR_BEL": f"X{x}/Y1/lc0"}
        cells[renamed(name)] = cell(source["type"], [], [100 + bit for bit in outputs], **place)
        nets |= bits
    cells["$buffer"] = cell("BUF", [], [])
    return design(cells, nets)


def test_units_of_cells():
    """Marks first, then names of memories, then what a LUT leads to, then what it comes from."""
    found = floorplan.place(design(CELLS, NAMES), placed())
    expected = [(x, 1, CELLS[name]["type"], unit) for x, (name, unit) in enumerate(UNITS.items())]
    assert found == expected


def test_cells_are_known_by_what_they_drive():
    """nextpnr renames cells, and puts a LUT and a register in one."""
    found = floorplan.place(design(CELLS, NAMES), placed(lambda name: f"packed_{len(name)}{name}"))
    assert [unit for *_, unit in found] == list(UNITS.values())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("engine.engine.core.array.element0.accumulator", "array"),
        ("engine.engine.core.weights$274.rows.0.0", "weights"),
        ("engine.engine.core", "core"),
        ("engine.engine.core.engine.vote_flip.passes.lane", "vote_flip"),
        ("engine.engine.core.engine.turn$298", "turn"),
        ("engine.engine.core.engine", "engine"),
        ("engine.receiver.synchronizer", "receiver"),
        ("rx$11", "rx"),
        ("boldhw", "boldhw"),
    ],
)
def test_names_of_units(path, name):
    assert floorplan.unit_name(path) == name


@pytest.mark.parametrize("bel", ["X12/Y20/lc3", "X12/Y20/SLICEA.LUT0", "X12Y20/LUT0"])
def test_places_of_all_families_are_read(bel):
    assert floorplan.PLACE.match(bel).groups() == ("12", "20")


def test_counts_are_of_the_kinds_asked_for():
    cells = [(0, 0, LUT, "b"), (0, 0, FF, "a"), (1, 0, LUT, "a"), (1, 0, LUT, "a")]
    assert floorplan.count(cells, (LUT,)) == {"a": 2, "b": 1}
    assert list(floorplan.count(cells, (LUT, FF))) == ["a", "b"]


def test_picture_shows_shares_of_tiles():
    """Tiles of 20 pixels, two cells fill one: the full one, half of the other, a memory alone."""
    width = floorplan.WIDTH // 20
    cells = [(0, 0, LUT, "a_unit"), (0, 0, LUT, "b"), (1, 0, LUT, "b"), (width - 1, 0, RAM, "c")]
    tree = ET.fromstring(floorplan.draw(cells))
    heights = {
        path.get("fill"): re.findall(r"v([\d.]+)h", path.get("d"))
        for path in tree.iter(f"{SVG}path")
    }
    assert heights[floorplan.COLOURS[0]] == ["9.0", "9.0"]  # b, in two tiles
    assert heights[floorplan.COLOURS[1]] == ["9.0"]
    assert heights[floorplan.COLOURS[2]] == ["18.0"]
    assert [text.text for text in tree.iter(f"{SVG}text")] == ["b 2", "a unit 1", "c 1"]


def test_units_beyond_the_colours_are_grey():
    cells = [(n, 0, LUT, f"u{n:02}") for n in range(len(floorplan.COLOURS) + 3)]
    tree = ET.fromstring(floorplan.draw(cells))
    assert [text.text for text in tree.iter(f"{SVG}text")][-1] == "all others 3"
    assert floorplan.OTHERS in {path.get("fill") for path in tree.iter(f"{SVG}path")}


def test_marks_name_every_module():
    text = "module \\top\nend\nmodule \\top.a.b$1\nend\n"
    assert marks(text, "top").splitlines() == [
        'setattr -set src "unit:top" top/*',
        'setattr -set src "unit:a.b$1" top.a.b$1/*',
    ]
