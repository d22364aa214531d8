"""Every export writes what its golden file holds, byte for byte."""

import pytest

from tests.export import golden


@pytest.mark.parametrize("name", sorted(golden.contents()))
def test_export_writes_its_golden_file(name):
    assert golden.contents()[name] == (golden.FOLDER / name).read_bytes()


def test_no_export_shows_the_name_of_a_misconceptions_function():
    assert [name for name, content in golden.contents().items() if b"sums_over_the_batch" in content] == []


def test_no_golden_file_is_left_over():
    assert {path.name for path in golden.FOLDER.iterdir()} == set(golden.contents())
