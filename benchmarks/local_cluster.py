"""A Dask scheduler and its workers as programs of their own on this machine, for the benchmark and for tests."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from grader.paths import ROOT
from grader.threads import ONE_THREAD

_SCHEDULER = """
import asyncio
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
_WORKER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from distributed import Worker
async def main():
    async with Worker(sys.argv[2], nthreads=1, name=sys.argv[3], local_directory=sys.argv[4], dashboard=False) as worker:
        print("ready", flush=True)
        await worker.finished()
asyncio.run(main())
"""


class LocalCluster(contextlib.ExitStack):
    """A context manager: the scheduler runs from the start, workers are added, all are ended at the end.

    folder  : for what the workers write
    """

    def __init__(self, folder: Path):
        super().__init__()
        self._folder = folder
        try:
            _, self.address = self._start(_SCHEDULER)
        except BaseException:
            self.close()
            raise

    def add(self, name: str, root: Path = ROOT) -> subprocess.Popen[str]:
        """A worker with one thread, that has the course in `root`."""
        return self._start(_WORKER, str(root), self.address, name, str(self._folder / name), cwd=root)[0]

    def _start(self, code: str, *arguments: str, cwd: Path = ROOT) -> tuple[subprocess.Popen[str], str]:
        """A process and the line that it prints once it is ready.

        raises : RuntimeError if it prints none
        """
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment |= ONE_THREAD | {"DASK_CONFIG": str(ROOT / "grader" / "cohort" / "dask.yaml")}
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=cwd,
        )  # fmt: skip
        self.enter_context(process)  # waits for it
        self.callback(process.kill)
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            raise RuntimeError("a process of the local cluster did not start")
        return process, line
