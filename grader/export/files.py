"""Files that are complete or not there at all."""

import os
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Replace a file in one step, with Unix newlines; a reader sees the old or the new one, never half of it."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path
