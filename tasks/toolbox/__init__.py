"""What checks of several stages share: a network written out, trainings compared, an accuracy judged."""
