"""`python -m grader VERB`: make sure of the environment, then hand over to the verbs in `grader.cli`.

This module and `grader.bootstrap` run before anything is installed: standard library only.
"""

import sys

# A shell may forbid bytecode; then every start would compile the whole engine again.
sys.dont_write_bytecode = False

if sys.version_info < (3, 11):  # noqa: UP036 - the very point is to be read by an old Python
    version = ".".join(map(str, sys.version_info[:3]))
    sys.exit("Python 3.11 or newer is needed; this is Python " + version + ". Remedy: run python3.11 -m grader ...")


def main() -> None:
    """Run the verb, in the course's own environment."""
    try:
        from grader import bootstrap

        bootstrap.enter(sys.argv[1:])
        bootstrap.run(sys.argv[1:])
    except KeyboardInterrupt:  # before `cli` is there to say so
        sys.exit(130)


if __name__ == "__main__":
    main()
