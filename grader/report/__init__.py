"""One result, shown: the learner's page and the terminal's text."""
