"""The program `lifeboat`, which the wheel carries: where it is, and a call of it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path


class PackError(Exception):
    """A model cannot be packed: the text says why, and what to change."""


def program() -> Path:
    """The program that was installed with this module. The variable LIFEBOAT names another one."""
    told = os.environ.get("LIFEBOAT")
    if told:
        return Path(told)
    name = "lifeboat.exe" if os.name == "nt" else "lifeboat"
    try:
        installed = [Path(str(file.locate())) for file in files("lifeboat-tabular") or [] if file.name == name]
    except PackageNotFoundError:
        installed = []
    folders = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    for place in [*installed, *(folder / name for folder in folders)]:
        if place.is_file():
            return place
    found = shutil.which(name)
    if found is None:
        raise PackError("the program lifeboat is not installed: pip install --force-reinstall lifeboat-tabular")
    return Path(found)


def run(arguments: list[str]) -> str:
    """Runs the program and returns what it reports."""
    done = subprocess.run([program(), *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise PackError(done.stderr.strip().removeprefix("error: ") or f"lifeboat ended with {done.returncode}")
    return done.stdout.strip()
