"""Arrays come out of files as numpy wrote them; no length is believed before it is checked.

Files are replaced whole or not at all, and nothing but plain files (fault 4).
"""

import io
import os
import re
import socket
import stat
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from boldhw.data import files
from boldhw.errors import DataError

ARRAYS = {
    "bools": np.random.default_rng(0).random((3, 5)) < 0.5,
    "shorts": np.arange(-6, 6, dtype=np.int16).reshape(2, 6, order="F"),
    "columns": np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(3, 4)),
    "text": np.array("a text, \u00b5"),
    "none": np.zeros((0, 4), np.int64),
}


def archive(save=np.savez, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return files.open_archive(buffer.getvalue())


def npy(header, data=b""):
    """Return an archive whose array ``a`` has this header."""
    header = header.encode("latin-1") + b"\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        size = len(header).to_bytes(2, "little")
        made.writestr("a.npy", files.NPY_START + size + header + data)
    return files.open_archive(buffer.getvalue())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back(save):
    with archive(save, **ARRAYS) as opened:
        for name, array in ARRAYS.items():
            read = files.read_array(opened, name, "x")
            assert (read.dtype, read.shape) == (array.dtype, array.shape)
            assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }", "announces"),
        ("{'descr': '|u1', 'fortran_order': 0, 'shape': (1,), }", "announces"),
        ("__import__('os')", "announces"),
        ("", "announces"),
    ],
)
def test_headers_that_numpy_never_writes_are_refused(header, message):
    with npy(header, b"\0" * 9) as opened, pytest.raises(ValueError, match="a ") as caught:
        files.read_array(opened, "a", "x")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([None]), "holds Python objects, which are not read since they may run code"),
        (np.zeros(1), r"holds real numbers \(<f8\), it must hold integers or bools; scale"),
        (np.zeros(1, complex), "holds <c16; it must hold numbers or bools"),
        (np.zeros(1, [("b", "<i2")]), "holds records of several fields; save one array per field"),
        (np.zeros(1, "M8[s]"), r"holds <M8\[s\]; it must hold numbers or bools"),
    ],
)
def test_arrays_of_other_things_are_refused_each_with_its_reason(array, message):
    """Fault 15."""
    with archive(a=array) as opened, pytest.raises(DataError, match=f"x: a {message}"):
        files.read_array(opened, "a", "x")


@pytest.mark.parametrize("shape", ["(1048576, 1048576)", "(9999999999, 9999999999)", "(101,)"])
def test_no_memory_is_taken_on_a_lie(shape):
    header = f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}"
    tracemalloc.start()
    with npy(header, b"\0" * 100) as opened, pytest.raises(DataError, match="has only 100"):
        files.read_array(opened, "a", "x")
    assert tracemalloc.get_traced_memory()[1] < 3 * files.PIECE
    tracemalloc.stop()


def test_no_more_than_the_largest_is_unpacked(monkeypatch):
    """A file of zeros that unpacks to a thousand times its size."""
    monkeypatch.setattr(files, "LARGEST", 1 << 21)
    with (
        archive(np.savez_compressed, a=np.zeros(1 << 23, np.uint8)) as opened,
        pytest.raises(DataError, match="x: a has more than the 2097152 bytes that are read"),
    ):
        files.read_array(opened, "a", "x")


def test_bytes_behind_the_array_are_refused():
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"
    with npy(header, b"1234") as opened, pytest.raises(DataError, match="more than 3"):
        files.read_array(opened, "a", "x")


class TestReplaceFile:
    """Fault 4: what is there keeps its kind, its mode and its links."""

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "a.bin"

    @pytest.mark.parametrize("content", [b"new\0", "new, \u00b5"])
    def test_content(self, path, content):
        for _ in range(2):
            files.replace_file(path, content)
            assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
            assert names(path.parent) == ["a.bin"]

    @pytest.mark.parametrize("mode", [0o600, 0o644, 0o660, 0o777])
    @pytest.mark.parametrize("umask", [0o022, 0o077])
    def test_mode_is_kept_and_a_new_files_is_the_umasks(self, path, mode, umask):
        before = os.umask(umask)
        try:
            files.replace_file(path, b"new")
            assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
            path.chmod(mode)
            files.replace_file(path, b"newer")
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert path.read_bytes() == b"newer"

    def test_secret_content_is_never_open_to_others(self, path, monkeypatch):
        """The file beside has the mode of the old one before anything is written."""
        path.touch(0o600)
        modes = []

        def chmod(beside, mode, chmod=os.chmod):
            modes.append(stat.S_IMODE(os.stat(beside).st_mode))
            chmod(beside, mode)

        monkeypatch.setattr(os, "chmod", chmod)
        files.replace_file(path, b"secret")
        assert modes == [0o600]

    def test_owner_and_group_are_kept_where_the_process_may(self, path, monkeypatch):
        path.touch()
        asked = []

        def chown(beside, owner, group):
            asked.append((owner, group))
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "chown", chown, raising=False)
        files.replace_file(path, b"new")
        assert asked == [(-1, path.stat().st_gid), (path.stat().st_uid, -1)]
        assert path.read_bytes() == b"new"

    @pytest.mark.parametrize("exists", [True, False])
    def test_links_are_followed_and_stay(self, path, exists):
        (path.parent / "folder").mkdir()
        target = path.parent / "folder" / "target"
        if exists:
            target.write_bytes(b"old")
        second = path.parent / "second"
        second.symlink_to("folder/target")
        path.symlink_to(second)
        files.replace_file(path, b"new")
        assert target.read_bytes() == b"new"
        assert path.is_symlink()
        assert second.is_symlink()
        assert not target.is_symlink()
        assert names(target.parent) == ["target"]

    @pytest.fixture(params=["a socket", "a pipe", "a directory", "a device"])
    def special(self, request, tmp_path):
        """Return (kind, path) of what is no plain file; the device is a terminal."""
        path = tmp_path / "special"
        ours, theirs = os.openpty()
        with socket.socket(socket.AF_UNIX) as server:
            if request.param == "a socket":
                server.bind(str(path))
            if request.param == "a pipe":
                os.mkfifo(path)
            if request.param == "a directory":
                path.mkdir()
            yield request.param, Path(os.ttyname(theirs)) if "device" in request.param else path
        os.close(ours), os.close(theirs)

    @pytest.mark.parametrize("linked", [False, True])
    def test_what_is_no_plain_file_is_refused_by_name(self, path, special, linked):
        kind, given = special
        before = given.lstat()
        if linked:
            path.symlink_to(given)
        found, named = names(path.parent), path if linked else given
        for write in (lambda path: files.replace_file(path, b"new"), files.check_writable):
            with pytest.raises(DataError, match=rf"{re.escape(str(named))} is {kind}, no plain"):
                write(named)
        assert names(path.parent) == found
        assert (given.lstat().st_ino, given.lstat().st_mode) == (before.st_ino, before.st_mode)

    def test_a_loop_of_links_and_missing_folders_are_refused(self, path):
        path.symlink_to(path)
        for given in (path, path / "x", path.parent / "no" / "a.bin"):
            with pytest.raises(DataError, match=rf"{re.escape(str(given))} cannot be written: "):
                files.replace_file(given, b"new")
            with pytest.raises(DataError, match="name a file in a folder that exists"):
                files.check_writable(given)

    def test_a_name_that_was_there_is_nobodys_temporary(self, path):
        other = path.with_name("a.bin.tmp")
        other.write_bytes(b"mine")
        files.replace_file(path, b"new")
        assert other.read_bytes() == b"mine"

    @pytest.mark.parametrize("function", ["fsync", "replace", "chmod"])
    @pytest.mark.parametrize(
        ("error", "wanted", "message"),
        [
            (
                OSError(28, "No space left on device"),
                DataError,
                "a.bin cannot be written: No space",
            ),
            (KeyboardInterrupt("Ctrl-C"), KeyboardInterrupt, "Ctrl-C"),
        ],
    )
    def test_a_failure_leaves_the_old_content_and_nothing_else(
        self, path, monkeypatch, function, error, wanted, message
    ):
        path.write_bytes(b"old")

        def fail(*_):
            raise error

        monkeypatch.setattr(os, function, fail)
        with pytest.raises(wanted, match=message):
            files.replace_file(path, b"new")
        assert path.read_bytes() == b"old"
        assert names(path.parent) == ["a.bin"]

    def test_a_file_that_may_not_be_written_is_refused(self, path, monkeypatch):
        """Root may write what is read-only, so that the system is asked has to be pretended."""
        path.write_bytes(b"old")
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(DataError, match="a.bin cannot be written: Permission denied"):
            files.replace_file(path, b"new")
        assert path.read_bytes() == b"old"

    def test_check_writable_changes_nothing(self, path):
        files.check_writable(path)
        assert names(path.parent) == []
        path.write_bytes(b"old")
        files.check_writable(path)
        assert (path.read_bytes(), names(path.parent)) == (b"old", ["a.bin"])


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())
