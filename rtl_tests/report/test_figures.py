"""Figures are well-formed and show the values they are given."""

import base64
import struct
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

from boldhw.report.figures import GAP, LINE, line_chart, log_ticks, nice_ticks, plot, tiles


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (79.2, 89.6), (0, 31234), (5, 5), (0, 0), (-3, 0.2)]
)
def test_ticks_enclose_the_values_in_few_even_steps(low, high):
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low <= high <= ticks[-1]
    assert 2 <= len(ticks) <= 7
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_chart_has_a_dot_per_value_at_its_height():
    chart = ET.fromstring(line_chart({"golden": [1, 2, 3], "hardware": [3, 2, 1]}, "flips"))
    dots = list(chart.iter("circle"))
    assert len(dots) == 6
    heights = [float(dot.get("cy")) for dot in dots]
    assert heights[:3] == sorted(heights[:3], reverse=True)
    assert heights[3:] == heights[2::-1]
    assert dots[0].find("title").text == "golden, epoch 1: 1"


def test_one_epoch_makes_a_chart():
    assert len(list(ET.fromstring(line_chart({"flips": [7]}, "flips")).iter("circle"))) == 1


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("log", [False, True])
def test_plot_places_every_point(log):
    """Points of a line stay in order, on both axes; texts and names are written out."""
    series = {"a & b": [(2, 5.0), (4, 6.0), (8, 7.0, "<best>")], "c": [(16, 1.0)]}
    root = ET.fromstring(plot(series, "bits", "accuracy, %", log=log))
    dots = [(float(d.get("cx")), float(d.get("cy"))) for d in root.iter(f"{SVG}circle")]
    assert dots == sorted(dots)
    assert [y for _, y in dots[:3]] == sorted((y for _, y in dots[:3]), reverse=True)
    steps = np.diff([x for x, _ in dots])
    assert (np.ptp(steps) < 0.15) == log  # places are written to a tenth of a pixel
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"a & b", "c", "<best>", "bits", "accuracy, %"} <= set(texts)
    assert len(list(root.iter(f"{SVG}polyline"))) == 2


def test_a_variant_has_the_colour_of_the_one_before_it_and_dashes():
    series = {name: [(1, 2), (3, 4)] for name in ("a", "a, rounded", "b")}
    root = ET.fromstring(plot(series, "x", "y", dashed=["a, rounded"]))
    first, variant, other = root.iter(f"{SVG}polyline")
    assert variant.get("stroke") == first.get("stroke") != other.get("stroke")
    assert [line.get("stroke-dasharray") is None for line in (first, variant, other)] == [
        True, False, True
    ]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), [(1, 3), (1, 20), (3, 16), (0, 5), (7, 7)])
def test_ticks_of_whole_numbers_are_whole(low, high):
    ticks = nice_ticks(low, high, 8, whole=True)
    assert ticks[0] <= low <= high <= ticks[-1]
    assert 2 <= len(ticks) <= 10
    assert all(tick == int(tick) for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.45, [0.1, 0.2, 0.5]),
        (0.46, 3.68, [0.2, 0.5, 1, 2, 5]),
        (12, 150, [10, 20, 50, 100, 200]),
        (1, 1, [1, 2]),
        (3, 3, [2, 5]),
    ],
)
def test_logarithmic_ticks(low, high, expected):
    assert log_ticks(low, high) == pytest.approx(expected)


def test_plot_of_points_without_lines():
    root = ET.fromstring(plot({"a": [(1, 2), (3, 2)]}, "x", "y", lines=False))
    assert not list(root.iter(f"{SVG}polyline"))
    assert len(list(root.iter(f"{SVG}circle"))) == 2


def test_texts_beside_points_do_not_cover_each_other():
    """Points that nearly coincide, on either side, and one far below."""
    points = [(1, 50.0, "a"), (1, 49.9, "b"), (9, 50.0, "c"), (9, 50.1, "d"), (9, 1.0, "e")]
    root = ET.fromstring(plot({"line": points}, "x", "y", lines=False))
    places = {text.text: float(text.get("y")) for text in root.iter(f"{SVG}text")}
    assert places["b"] - places["a"] >= LINE
    assert places["c"] - places["d"] >= LINE
    assert places["a"] < places["c"] + LINE < places["e"]


def test_tiles_hold_every_weight():
    weights = np.random.default_rng(0).random((3, 6)) < 0.5
    image = decode(tiles(weights, (2, 3), columns=2))
    assert image.shape == (2 * 2 + GAP, 2 * 3 + GAP)
    assert np.array_equal(image[:2, :3], weights[0].reshape(2, 3))
    assert np.array_equal(image[:2, 3 + GAP :], weights[1].reshape(2, 3))
    assert np.array_equal(image[2 + GAP :, :3], weights[2].reshape(2, 3))


def decode(uri):
    """Return the palette indices of the PNG in a data URI, checking every chunk's CRC."""
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    chunks, place = {}, 8
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + size]
        (crc,) = struct.unpack_from(">I", data, place + 8 + size)
        assert crc == zlib.crc32(kind + body)
        chunks[kind] = body
        place += 12 + size
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8)
    return lines.reshape(height, width + 1)[:, 1:]
