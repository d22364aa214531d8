"""The attacks are data: nothing of them is collected."""

collect_ignore_glob = ["attacks/*"]
