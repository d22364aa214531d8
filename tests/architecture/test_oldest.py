"""The oldest NumPy that is supported: what it does not have is written nowhere; `make test-oldest` runs everything with it."""

import re

from grader.paths import ENGINE

#: Of NumPy 2's names, those that 1.26 has not.
NEW = (
    "acos acosh asin asinh astype atan atan2 atanh bitwise_count bitwise_invert bitwise_left_shift bitwise_right_shift bool concat "
    "cumulative_prod cumulative_sum isdtype long matrix_transpose matvec permute_dims pow strings trapezoid ulong unique_all "
    "unique_counts unique_inverse unique_values unstack vecdot vecmat"
)
WRITTEN = re.compile(rf"\bnp\.({'|'.join(NEW.split())})\b")


def test_no_name_is_newer_than_the_oldest_numpy():
    files = [file for folder in ("grader", "tasks", "reference", "courses") for file in (ENGINE / folder).rglob("*.py")]
    assert len(files) > 300
    found = [f"{file}: {use[0]}" for file in files for use in WRITTEN.finditer(file.read_text("utf-8"))]
    assert not found
    assert WRITTEN.search("Finding = bool | np.bool | str")
    assert not WRITTEN.search("np.bool_")
