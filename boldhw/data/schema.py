"""What the inputs and the classes of a network mean, as its checkpoint remembers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from boldhw.data import shrink
from boldhw.data.coder import Coder
from boldhw.data.rows import MAX_CLASSES, check_share, listed
from boldhw.data.table import Columns
from boldhw.data.texts import Texts, Vocabulary
from boldhw.errors import DataError
from boldhw.spec.checks import check_range


@dataclass(frozen=True)
class Split:
    """How samples that came in one piece are divided.

    share   of each class that is tested with, more than 0 and less than 1
    seed    of the shuffle
    crc     CRC-32 of all samples, :attr:`boldhw.data.rows.Rows.crc`
    """

    share: float
    seed: int
    crc: int

    def __post_init__(self):
        check_share(self.share)
        check_range("split seed", self.seed, 0, (1 << 63) - 1)
        check_range("crc", self.crc, 0, 0xFFFFFFFF)


@dataclass(frozen=True, eq=False)
class Schema:
    """The meaning of samples.

    Parameters
    ----------
    classes : tuple of str
        Name of each class, in the order of the scores.
    features : tuple of str
        Name of each feature before coding; empty if they have none.
    label : str or None
        Column of the labels in a table.
    header : bool
        Whether the table has a header with the names of the features.
    ignored : tuple of str
        Columns of the table that are left out.
    split : Split or None
        None if the data say what is tested with.
    coder : Coder or None
        None for pictures that are cut at the threshold of the run.
    text : str or None
        Column of the texts that samples are made of.
    vocabulary : Vocabulary or None
        Numbers of their words. None for samples of other kinds.
    smaller : int
        What rows and columns of pictures are divided by.
    """

    classes: tuple[str, ...]
    features: tuple[str, ...] = ()
    label: str | None = None
    header: bool = False
    ignored: tuple[str, ...] = ()
    split: Split | None = None
    coder: Coder | None = None
    text: str | None = None
    vocabulary: Vocabulary | None = None
    smaller: int = 1

    def __post_init__(self):
        if not 0 < len(self.classes) <= MAX_CLASSES:
            raise DataError(f"a network has 1 to {MAX_CLASSES} classes, not {len(self.classes)}")
        check_range("smaller", self.smaller, 1, shrink.MOST)

    def to_dict(self) -> dict:
        """Return everything but the coder as JSON can hold it."""
        return {
            "classes": list(self.classes),
            "features": list(self.features),
            "label": self.label,
            "header": self.header,
            "ignored": list(self.ignored),
            "split": asdict(self.split) if self.split else None,
            "coded": self.coder.features if self.coder else None,
            "text": self.text,
            "vocabulary": self.vocabulary.to_dict() if self.vocabulary else None,
            "smaller": self.smaller,
        }

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of the coder by name, none without a coder."""
        if self.coder is None:
            return {}
        return {"coder_columns": self.coder.columns, "coder_edges": self.coder.edges}

    @classmethod
    def restored(cls, found: dict, read: Callable[[str], Any]) -> Schema:
        """Return the schema of :meth:`to_dict`; ``read`` returns an array by its name.

        Raises DataError and ConfigError.
        """
        features = found["coded"]
        return cls(
            classes=tuple(map(str, found["classes"])),
            features=tuple(map(str, found["features"])),
            label=found["label"],
            header=bool(found["header"]),
            ignored=tuple(map(str, found["ignored"])),
            split=Split(**found["split"]) if found["split"] else None,
            coder=features and Coder(features, read("coder_columns"), read("coder_edges")),
            text=found.get("text"),  # not there in checkpoints of earlier versions
            vocabulary=Vocabulary.of(found.get("vocabulary")),
            smaller=found.get("smaller", 1),
        )

    def columns(self, given) -> Columns:
        """Return the Columns of a table of the same features; what is given comes first."""
        return Columns(
            label=given.label or self.label,
            header=self.header if given.header is None else given.header,
            ignored=given.ignored,
            known=self.ignored,
            text=given.text or self.text,
        )

    def arranged(self, rows):
        """Return the values of Rows in the order of the features; of texts the numbers of words.

        Raises DataError, by name, for other features.
        """
        if self.vocabulary or isinstance(rows, Texts):
            return self._numbered(rows)
        if not (self.header and rows.header):
            return self._counted(rows)
        missing = [name for name in self.features if name not in rows.features]
        more = [name for name in rows.features if name not in self.features]
        if missing:
            raise DataError(
                f"{rows.name} has no column {listed(missing)}, which the network was trained with; "
                f"it has {listed(rows.features)}: name its columns as those of the training data"
            )
        if more:
            raise DataError(
                f"{rows.name} has a column {listed(more)} that the network was not trained with; "
                f"leave it out with --ignore {more[0]!r}"
            )
        return rows.values[:, [rows.features.index(name) for name in self.features]]

    def _numbered(self, rows):
        if not self.vocabulary:
            raise DataError(
                f"{rows.name} is read as texts, and the network was trained with numbers; leave "
                f"out --text"
            )
        if not isinstance(rows, Texts):
            raise DataError(
                f"{rows.name} has no texts, and the network was trained with texts of "
                f"{self.text!r}; give a table or a file of JSON lines with that column"
            )
        return self.vocabulary(rows.values)

    def _counted(self, rows):
        count = len(self.features) or (self.coder.features if self.coder else rows.values.shape[1])
        if rows.values.shape[1] != count:
            raise DataError(
                f"{rows.name} has {rows.values.shape[1]} features a sample, the network was "
                f"trained with {count}; give data of the same features"
            )
        return rows.values
