"""A folder that a verb fills with files."""

from pathlib import Path

import click

from boldhw.cli import options
from boldhw.data.files import replace_file
from boldhw.errors import DataError

output = options.stacked(
    click.option(
        "-o", "--output", type=options.DIRECTORY, required=True, help="Made if missing, else empty."
    ),
    click.option("--force", is_flag=True, help="Write into a folder that is not empty."),
)
run = click.argument("run", metavar="RUN", type=options.FILE)


def check(output, force):
    """Raise DataError for a folder that is not empty, unless ``force`` says that it may be."""
    folder = Path(output)
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise DataError(
            f"{output} is not empty; name another folder, or replace files in it with --force"
        )


def write(output, files):
    """Write {name: text or bytes} into a folder; return the paths."""
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace_file(folder / name, content)
    return [str(folder / name) for name in files]
