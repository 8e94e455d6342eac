"""Files: read, though they may lie about their lengths; written whole, or not at all."""

import errno
import io
import math
import os
import re
import secrets
import stat
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from boldhw.errors import DataError

LARGEST = 1 << 30  # bytes of one array; the largest set of digits, EMNIST, has half as many
PIECE = 1 << 20
# What Python's zip, gzip and JSON readers and NumPy raise on damaged files.
DAMAGED = (
    OSError, EOFError, ValueError, LookupError, TypeError, ArithmeticError, RuntimeError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
# A .npy file of version 1.0: magic, length of the header, then the header as numpy.save writes it.
NPY_START = b"\x93NUMPY\x01\x00"
NPY_HEADER = re.compile(
    r"\{'descr': '([^']*)', 'fortran_order': (True|False), "
    r"'shape': \(((?:[0-9]{1,10}, ?)*(?:[0-9]{1,10})?)\), \} *\n"
)
NPY_TYPE = re.compile(r"[<>|][biuU][0-9]{1,8}")  # bools, integers, text
NPY_REAL = re.compile(r"[<>|][biuUSf][0-9]{1,8}")  # real numbers and bytes, too

KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def replace_file(path, content):
    """Have the file ``path`` hold ``content``, bytes or text: all of it, or what it held before.

    A symbolic link stays, what it leads to is replaced. A file that exists keeps its mode and, as
    far as the process may set them, owner and group; a new one gets what the umask leaves. Raises
    DataError if the file cannot be written, and for what is no plain file, such as a device.
    """
    content = content.encode() if isinstance(content, str) else content
    with _beside(path) as (temporary, target, old):
        # Never open to more people than the old file; the umask may take more away than it should.
        mode = stat.S_IMODE(old.st_mode) if old else 0o666
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            if old:
                _take_owner(temporary, old)
                os.chmod(temporary, mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _sync_directory(target.parent)


def check_writable(path):
    """Raise the DataError that :func:`replace_file` would raise now; nothing is changed."""
    with _beside(path) as (temporary, _, _):
        open(temporary, "xb").close()


@contextmanager
def _beside(path):
    """Yield (name for a new file, the file to replace, its os.stat_result or None).

    The new file lies beside the one to replace and is removed behind the block, if it is there.
    """
    path = Path(path)  # so that no name at all is the current folder
    target = Path(os.path.realpath(path))
    temporary = target.parent / f".boldhw-{secrets.token_hex(8)}"
    try:
        yield temporary, target, _replaceable(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror}; name a file in a folder that exists, "
            f"may be written and has room"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _replaceable(path):
    """Return the os.stat_result of a plain file that may be written, None if there is no file."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise DataError(f"{path} is {kind}, no plain file, and is not replaced; name another file")
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return found


def _take_owner(path, old):
    """Give a file the owner and the group of an os.stat_result, each if the process may."""
    if hasattr(os, "chown"):
        for owner in ((-1, old.st_gid), (old.st_uid, -1)):
            with suppress(PermissionError):
                os.chown(path, *owner)


def _sync_directory(directory):
    """Have the new name in a directory outlive a loss of power, on systems that can do that."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_exactly(file, size, path):
    """Return the ``size`` bytes up to the end of a file. Raises DataError if it has others.

    They are read piece by piece, and at most LARGEST of them: ``size`` may be a lie.
    """
    content, limit = bytearray(), min(size, LARGEST)
    while len(content) <= limit and (piece := file.read(min(PIECE, limit + 1 - len(content)))):
        content += piece
    if len(content) > LARGEST:
        raise DataError(f"{path} has more than the {LARGEST} bytes that are read at most")
    if len(content) != size:
        more = "more than" if len(content) > size else "only"
        raise DataError(
            f"{path} announces {size} bytes of data and has {more} {min(len(content), size)}; "
            f"fetch it again"
        )
    return content


def open_archive(content):
    """Return the ZipFile of some bytes, or of a path."""
    return zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content)


def read_array(archive, name, path, real=False):
    """Return the array ``name`` of integers, bools or text in a ZipFile of .npy files.

    ``path`` is what messages call the archive. With ``real`` the array may also hold real numbers,
    or text as bytes. Raises DataError when announced shape and bytes
    differ and for an array of anything else, and one of DAMAGED for what is no array.
    """
    with archive.open(f"{name}.npy") as file:
        shape, fortran, dtype = _npy_header(file, name, path, NPY_REAL if real else NPY_TYPE)
        content = read_exactly(file, math.prod(shape) * dtype.itemsize, f"{path}: {name}")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


def _npy_header(file, name, path, types):
    """Return (shape, Fortran order, dtype). types: pattern of those that are read."""
    start = file.read(len(NPY_START))
    if start != NPY_START:
        raise ValueError(f"{name} starts with {start!r}, not as numpy.savez writes arrays")
    header = file.read(int.from_bytes(file.read(2), "little")).decode("latin-1")
    if header.startswith("{'descr': ["):
        raise DataError(f"{path}: {name} holds records of several fields; save one array per field")
    match = NPY_HEADER.fullmatch(header)
    if not match:
        raise ValueError(f"{name} announces {header[:99].strip()!r}, not as numpy.savez does")
    descr, fortran, shape = match.groups()
    if not types.fullmatch(descr):
        raise DataError(f"{path}: {name} {_unusable(descr)}")
    sizes = tuple(int(size) for size in shape.split(",") if size.strip())
    return sizes, fortran == "True", np.dtype(descr)


def _unusable(descr):
    """Return what is wrong with an array of a type that is not read, and what to do."""
    if descr.endswith("O"):
        return "holds Python objects, which are not read since they may run code; save numbers"
    if descr[1:2] == "f":
        return (
            f"holds real numbers ({descr}), it must hold integers or bools; scale images to "
            f"0..255 and save them with astype(np.uint8)"
        )
    return f"holds {descr}; it must hold numbers or bools"
