"""What is promised: stages and their checks, skeleton, misconceptions, images, and the policy of a class."""
