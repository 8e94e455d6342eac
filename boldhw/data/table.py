"""Tables of numbers with a column of labels, from CSV files."""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boldhw.data.rows import Rows, listed
from boldhw.errors import ConfigError, DataError

DELIMITERS = ",;\t"
MISSING = {"", "na", "n/a", "nan", "?", "null", "none", "-", "--"}
DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are what.

    label    column with the labels, by name or by number from 1; None for none given
    header   True: the first line has the names of the columns; False: it is a sample; None: found
             out, see :func:`read_table`
    ignored  columns that are left out, by name or number
    known    columns that are left out if they are there, likewise
    text     column with texts, of which the samples are made then; None: samples are numbers
    """

    label: str | None = None
    header: bool | None = None
    ignored: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    text: str | None = None


def read_table(path, columns, features=None) -> Rows:
    """Return the samples of a CSV file.

    Comma, semicolon or tab separates cells, whichever the first line has most of. Without a word
    about it, the first line is a header if it has the name of the label column, or if none of its
    other cells is a number.

    Parameters
    ----------
    path : str or Path
        UTF-8 text.
    columns : Columns
    features : int or None
        None: the label column must be there. A number: that of the features of a network; labels
        that are not there, or not for all samples, are None.

    Raises DataError, with line and column, for cells that are missing or no finite numbers, and
    for lines of another length; ConfigError for a column that is not there.
    """
    lines = lines_of(path)
    first = lines[0][1]
    names, lines = named(path, lines, columns)
    header = lines[0][1] is not first
    there = [text for text in columns.known if text in names or not header]
    ignored = {column_of(path, names, text, "--ignore") for text in (*columns.ignored, *there)}
    needed, label = features is None, None
    if needed or (columns.label in names if header else len(names) - len(ignored) > features):
        label = _label(path, names, columns.label, lines)
    kept = [index for index in range(len(names)) if index not in ignored and index != label]
    if not kept:
        raise DataError(f"{path} has no column left for features; leave out fewer with --ignore")
    values = np.array([_numbers(path, line, cells, kept, names) for line, cells in lines])
    return Rows(
        name=str(path),
        values=values,
        labels=None if label is None else labels_of(path, lines, label, names, needed),
        places=[f"line {line}" for line, _ in lines],
        features=tuple(names[index] for index in kept),
        shape=(len(kept),),
        label=None if label is None else names[label],
        header=header,
    )


def lines_of(path, tabs=False) -> list:
    """Return (line number, cells) of every line that is not empty. Raises DataError.

    tabs: they separate cells, and quotes are signs like others.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is no UTF-8 text ({error.reason} at byte {error.start}); save it as CSV in "
            f"UTF-8"
        ) from error
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter="\t" if tabs else _delimiter(text),
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: {error}; a cell with quotes in it is written as "
            f'"say ""hello"""'
        ) from error
    lines = [(line, cells) for line, cells in lines if cells not in ([], [""])]
    if not lines:
        raise DataError(f"{path} is empty; give a CSV file with one sample a line")
    for line, cells in lines:
        if len(cells) != len(lines[0][1]):
            raise DataError(
                f"{path}, line {line} has {len(cells)} cells, line {lines[0][0]} has "
                f"{len(lines[0][1])}; give every line as many, and put texts with a separator in "
                f"them into quotes"
            )
    return lines


def _delimiter(text) -> str:
    """Return what separates the cells of the first line: what makes most of them."""
    first = text.lstrip("\r\n").partition("\n")[0]
    bare = re.sub(r'"[^"]*"', "", first)
    return max(DELIMITERS, key=bare.count)


def named(path, lines, columns) -> tuple[list, list]:
    """Return (names of the columns, lines of samples)."""
    first = lines[0][1]
    header = _is_header(first, columns) if columns.header is None else columns.header
    if not header:
        return [f"column {number}" for number in range(1, len(first) + 1)], lines
    names = [name or f"column {number}" for number, name in enumerate(first, 1)]
    for number, name in enumerate(names):
        if (before := names.index(name)) != number:
            raise DataError(
                f"{path} has two columns {name!r}, {before + 1} and {number + 1}; give each a name "
                f"of its own, or say --no-header if the first line is a sample"
            )
    if len(lines) == 1:
        raise DataError(
            f"{path} has a header and no samples; add lines, or say --no-header if its only line "
            f"is a sample"
        )
    return names, lines[1:]


def _is_header(cells, columns) -> bool:
    if columns.label in cells and not _is_number(columns.label):
        return True
    besides = {int(text) - 1 for text in (columns.label, *columns.ignored) if _is_index(text)}
    others = [cell for index, cell in enumerate(cells) if index not in besides]
    return not any(_is_number(cell) or cell.lower() in MISSING - {""} for cell in others)


def _is_index(text) -> bool:
    return bool(text) and text.isdecimal()


def _is_number(cell) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def column_of(path, names, text, option) -> int:
    """Return the index of the column that a name or a number from 1 means."""
    if text in names:
        return names.index(text)
    if _is_index(text) and 1 <= int(text) <= len(names):
        return int(text) - 1
    close = difflib.get_close_matches(text, names, 1)
    raise ConfigError(
        f"{path} has no column {text!r}; {option} takes a name or a number from 1 to {len(names)}: "
        f"{f'did you mean {close[0]!r}? ' if close else ''}it has {listed(names)}"
    )


def _label(path, names, label, lines) -> int:
    """Return the index of the column of the labels."""
    if label is None:
        different = len({cells[-1] for _, cells in lines})
        raise ConfigError(
            f"{path} is a table: say with --label which column holds the classes, by name or "
            f"number. It has {listed(names)}; the last one, {names[-1]!r}, has {different} "
            f"different values"
        )
    return column_of(path, names, label, "--label")


def labels_of(path, lines, label, names, needed) -> np.ndarray | None:
    """Return the labels. One that is missing is a DataError if they are needed, else none are."""
    for line, cells in lines:
        if cells[label].lower() in MISSING:
            if not needed:
                return None
            raise DataError(
                f"{path}, line {line}: the label, column {names[label]!r}, is "
                f"{_shown_missing(cells[label])}; fill it in or remove the line"
            )
    return np.array([cells[label] for _, cells in lines])


def _numbers(path, line, cells, kept, names) -> list[float]:
    """Return the numbers of some cells. Raises DataError for what is none."""
    texts = [cells[index] for index in kept]
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)) or "_" in "".join(texts):
        for index in kept:
            if problem := _problem(cells[index], names[index]):
                raise DataError(f"{path}, line {line}: column {names[index]!r} {problem}")
    return numbers


def _problem(cell, name) -> str | None:
    """Return what is wrong with a cell that should be a finite number, None if nothing is."""
    if cell.lower() in MISSING:
        return (
            f"is {_shown_missing(cell)}; values are not guessed: fill it in, remove the line, or "
            f"leave the column out with --ignore {name!r}"
        )
    if _is_number(cell) and math.isfinite(float(cell)):
        return None
    if _is_number(cell):
        return f"is infinite ({cell}); give a finite number or remove the line"
    if DECIMAL_COMMA.fullmatch(cell):
        return f"has {cell!r}; write decimal points: {cell.replace(',', '.')}"
    return (
        f"has {cell!r}, which is no number; features are numbers: write a column of 0 and 1 for "
        f"each text, or leave the column out with --ignore {name!r}"
    )


def _shown_missing(cell) -> str:
    return f"missing ({cell!r})" if cell else "empty"
