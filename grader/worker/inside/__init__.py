"""What runs in the submission's process, within its reach: nothing of the grader but this and the protocol."""
