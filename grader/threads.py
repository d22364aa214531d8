"""One thread for the matrix library, in every process: no result depends on the number of cores, and processes side by
side do not wait for each other's threads."""

import os

#: The variables that these libraries read when they are loaded.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "BLIS", "NUMEXPR")}


def one_thread() -> None:
    """Set them, where the user has not. Before NumPy is imported: afterwards nobody reads them."""
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
