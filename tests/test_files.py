"""A file is replaced as a whole, or stays as it was."""

import errno
import os
from pathlib import Path

import pytest

from grader.check_tasks.record import record_fails
from grader.files import replacing, write_atomically
from grader.verbs import skeleton


def test_a_file_whose_writing_fails_stays_as_it_was_and_leaves_nothing_beside_it(tmp_path):
    path = write_atomically(tmp_path / "new" / "a.txt", "old\n")

    def fail_half_way():
        with replacing(path) as file:
            file.write(b"half of the n")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail_half_way()
    assert [(entry.name, entry.read_bytes()) for entry in path.parent.iterdir()] == [("a.txt", b"old\n")]


def test_text_is_utf_8_and_half_a_pair_is_an_escape(tmp_path):
    assert write_atomically(tmp_path / "a.txt", "é\ud800\n").read_bytes() == b"\xc3\xa9\\ud800\n"


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_what_has_no_name_is_refused_as_a_folder(path):
    with pytest.raises(IsADirectoryError):
        write_atomically(Path(path), "x")


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="descriptors have no names here")
def test_what_has_a_device_in_its_place_is_written_to():
    reading, writing = os.pipe()
    write_atomically(Path(f"/dev/fd/{writing}"), "x")
    assert os.read(reading, 9) == b"x"
    os.close(reading)
    os.close(writing)


def test_what_somebody_wrote_stays_where_the_disk_is_full(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    written = (
        'from grader.course.misconceptions import misconception\n\n@misconception("f", fails=[])\ndef slip():\n    """Slip"""\n'
    )
    for name in ("f.py", "misconceptions.py"):
        (tmp_path / name).write_text(written)
    monkeypatch.setattr(os, "fsync", full)
    for write in (lambda: skeleton.write(tmp_path, {"f.py": "stub"}), lambda: record_fails(tmp_path, {"slip": ["check_f"]})):
        with pytest.raises(OSError, match="No space"):
            write()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(("f.py", "misconceptions.py"), written)
