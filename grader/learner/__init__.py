"""What serves a learner between grades: watch, hints, doctor, notebook."""
