"""Many submissions: taken in, graded over all cores or a cluster, journalled, and shown as a class."""
