"""A file is replaced as a whole, or stays as it was."""

import pytest

from grader.files import replacing, write_atomically


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
