"""What is promised: stages and their checks, skeleton, misconceptions, and the policy of a class."""
