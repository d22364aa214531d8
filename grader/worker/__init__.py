"""Where a learner's code runs: a confined process of its own, reached through a proxy over a plain-data protocol."""
