"""Make sure that the browser tests can run: find Chromium, or install it. `python -m tests.browser.install`.

Found in this order: CHROMIUM in the environment, a system Chromium or Chrome, the browser that Playwright keeps. What is
missing is installed by the system's package manager where that is allowed, else by Playwright.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Path of a browser that can be started; None if there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if os.path.exists(named) else None
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and os.path.exists(path) else None


def install() -> None:
    """Install a browser, quietly; what went on is shown only if it fails."""
    attempts = []
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts.append(["apt-get", "update"])
        attempts.append(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    attempts.append([sys.executable, "-m", "playwright", "install", "chromium"])
    log = []
    for command in attempts:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        log.append(f"$ {' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        if find():
            return
    sys.exit(
        "\n".join(log) + "\nerror: no Chromium was found and none could be installed; the browser tests need one. "
        "Remedy: install chromium with your package manager, or set CHROMIUM to its path."
    )


if __name__ == "__main__":
    if find() is None:
        install()
    print(f"Browser: {find()}")
