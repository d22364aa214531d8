#!/usr/bin/env bash
# Runs once when the image is built: a Python of at least 3.11 and the packages of requirements/base.txt, by their hashes.
# If the archive brings wheels/, nothing is downloaded.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

find_python() {
    for name in "${CHAIN_RULE_PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        if [ -n "$name" ] && command -v "$name" > /dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$name"
            return
        fi
    done
    return 1
}

if ! python=$(find_python) || ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3.12 python3.12-venv \
        || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3.11 python3.11-venv
    python=$(find_python)
fi

"$python" -m venv environment
from=()
if [ -d wheels ]; then
    from=(--no-index --find-links wheels)
fi
environment/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes "${from[@]}" -r requirements/base.txt
environment/bin/python -m compileall -q grader
# The reference, the hidden images and the policy with its seed: for who grades alone, also where a kernel lacks Landlock.
chmod -R go-rwx reference tasks data policy.json
