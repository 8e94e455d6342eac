"""Command lines of README.md and of the pages of reference run, as far as that takes a second.

``test_docs.py`` parses all of them. Those that take longer, or a board, are run by the tests of
their verbs. A new line that names files finds them in ``prepared``, or adds them there.
"""

import csv
import json
import re
import shlex
import shutil

import numpy as np
import pytest
from PIL import Image
from support.pages import ROOT

from boldhw.cli.main import main

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
QUICK = {"boards", "energy", "estimate", "eval", "export", "image", "networks", "predict", "train",
         "verilog"}  # fmt: skip
SLOW = re.compile(r"--backend|mnist|^train (?!.*\.csv|.*pictures)|^verilog (?!.*small)|vgg|DIR")
LINES = sorted({
    " ".join(shlex.split(line, comments=True))
    for page in PAGES
    for line in re.findall(r"^    boldhw (.+)$", page.read_text(), re.MULTILINE)
})  # fmt: skip
RUN = [line for line in LINES if line.split()[0] in QUICK and not SLOW.search(line)]
RUN += ["report run.npz -o run.html", "flash --board icebreaker --dry-run"]
KINDS = {"iris": (1, 5, 2), "rose": (4, 1, 3), "tulip": (2, 2, 6), "daisy": (5, 5, 5)}


def write_table(path, kinds, seed):
    generator = np.random.default_rng(seed)
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["length", "width", "height", "kind"])
        for _ in range(12):
            for kind in kinds:
                table.writerow([*generator.normal(KINDS[kind], 0.5).round(2), kind])


def write_pictures(folder, seed):
    generator = np.random.default_rng(seed)
    for kind in ("dark", "light"):
        (folder / kind).mkdir(parents=True)
        for number in range(10):
            low, high = (0, 160) if kind == "dark" else (96, 256)
            pixels = generator.integers(low, high, (6, 6)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / kind / f"{number}.png")


def write_texts(folder):
    words = {"good": "a fine and lovely film", "bad": "a dull and awful film"}
    texts = [(f"{text} number {n}", kind) for n in range(12) for kind, text in words.items()]
    with open(folder / "reviews.csv", "w", newline="") as file:
        csv.writer(file).writerows([("review", "opinion"), *texts])
    lines = [json.dumps({"review": text}) for text, _ in texts]
    (folder / "new.jsonl").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with what the lines name; its runs are of the engine of the iCEBreaker."""
    folder = tmp_path_factory.mktemp("prepared")
    write_table(folder / "flowers.csv", ("iris", "rose", "tulip"), 1)
    write_table(folder / "new.csv", ("iris", "rose", "tulip"), 2)
    write_table(folder / "more.csv", ("iris", "rose", "tulip", "daisy"), 3)
    write_pictures(folder / "pictures", 4)
    shutil.copytree(folder / "pictures", folder / "folder" / "of" / "pictures")
    page = (ROOT / "docs" / "howto" / "add-a-layer.md").read_text()
    graph = re.search(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    (folder / "graph.json").write_text(graph)
    (folder / "small.json").write_text(
        '{"elements": 4, "lanes": 16, "batch": 8, "accumulator_bits": 6, "weight_rows": 128,'
        '"data_rows": 2048, "signal_rows": 128}'
    )
    (folder / "build" / "icebreaker").mkdir(parents=True)
    (folder / "build" / "icebreaker" / "boldhw.bin").touch()
    common = ("--hidden", "64", "--board", "icebreaker", "--epochs", "3", "--checkpoint")
    table = ("--data", str(folder / "flowers.csv"), "--label", "kind")
    assert main(["train", *table, *common, str(folder / "run.npz")]) == 0
    pictures = ("--data", str(folder / "pictures"))
    assert main(["train", *pictures, *common, str(folder / "pictures.npz")]) == 0
    write_texts(folder)
    texts = ("--data", str(folder / "reviews.csv"), "--text", "review", "--label", "opinion")
    assert main(["train", *texts, "--epochs", "2", "--checkpoint", str(folder / "texts.npz")]) == 0
    digits = ("--data", "mnist5k", "--train-size", "200", "--network", "784-16-10", *common[2:])
    assert main(["train", *digits, str(folder / "digits.npz")]) == 0
    return folder


@pytest.mark.parametrize("line", RUN)
def test_a_line_runs(line, prepared, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    words = shlex.split(line)
    kinds = {"eval": "digits.npz", "pictures": "pictures.npz", "jsonl": "texts.npz"}
    run = next((file for kind, file in kinds.items() if kind in line), "run.npz")
    (folder / run).replace(folder / "taken")
    for path in folder.glob("*.npz"):
        path.unlink()
    if words[0] != "train" or "--from" in words:  # others make it
        (folder / "taken").replace(folder / "run.npz")
    assert main(words) == 0


def test_many_are_run():
    assert len(RUN) >= 30
    assert {line.split()[0] for line in RUN} == QUICK | {"report", "flash"}
