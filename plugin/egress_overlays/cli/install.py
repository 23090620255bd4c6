"""Lay the function down in a directory, for init containers and Kustomize's plugin home.

The directory then holds the executable (put it on PATH, for plugin/inject-installed) and
egress-overlays.dev/ (name the directory in KUSTOMIZE_PLUGIN_HOME, for plugin/inject-legacy). The
self-contained artifact brings all that it runs with; installed from a wheel, what is laid down
starts this very installation, and so runs on this machine alone.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..editing.shipped import shipped
from . import inputs
from .console import Failure
from .formats.data import structured

if TYPE_CHECKING:
    import argparse

    from .console import Console

EXAMPLE = "egress-overlays install --to /egress-overlays"

_EXECUTABLE = "egress-overlays"
_LEGACY = "egress-overlays.dev"
# What belongs to an installation. The executable comes last: where it stands, the rest does.
_ENTRIES = ("lib", _LEGACY, "LICENSE", _EXECUTABLE)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="the directory, made where it is missing")
    inputs.add_output(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Lay everything down, or leave what was there; raises Failure."""
    directory: Path = arguments.to
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _check_ours(directory)
        # Inside, not beside: a mounted volume cannot be renamed, and another file system would copy, not rename.
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=directory) as made:
            _fill(Path(made))
            _move(Path(made), directory)
    except OSError as fault:
        raise Failure(f"{fault.filename or directory}: {fault.strerror}; nothing was installed") from None
    console.say(f"installed {_EXECUTABLE} in {directory}")
    if arguments.output != "text":
        laid_down = {"executable": str(directory / _EXECUTABLE), "pluginHome": str(directory)}
        console.write(structured(laid_down, arguments.output))
    return 0


def _check_ours(directory: Path) -> None:
    """Raise Failure where something that would be replaced is not from an earlier installation."""
    if (directory / _EXECUTABLE).is_file() and (directory / _LEGACY).is_dir():
        return
    for name in _ENTRIES:
        if (directory / name).exists():
            raise Failure(f"{directory / name} is there and not from an earlier install; name an empty directory")


def _fill(made: Path) -> None:
    # copyfile and modes of our own: a umask or a wheel's mode bits must not decide who may run it.
    shutil.copytree(shipped() / "plugin" / _LEGACY, made / _LEGACY, copy_function=shutil.copyfile)
    for plugin in (made / _LEGACY).rglob("*/EgressDomains"):
        plugin.chmod(0o755)
    executable = made / _EXECUTABLE
    if getattr(sys, "frozen", False):
        home = Path(sys.executable).resolve().parent
        shutil.copytree(home / "lib", made / "lib")
        shutil.copyfile(home / "LICENSE", made / "LICENSE")
        shutil.copyfile(sys.executable, executable)
    else:
        executable.write_text(f'#!/bin/sh\nexec {_command()} "$@"\n', encoding="utf-8")
    executable.chmod(0o755)
    made.chmod(0o755)


def _command() -> str:
    """The shell words that start this installation, wherever they are run."""
    started = Path(sys.argv[0]).resolve()
    if started.name == _EXECUTABLE and os.access(started, os.X_OK):
        return shlex.quote(str(started))
    return f"{shlex.quote(sys.executable)} -I -m egress_overlays"


def _move(made: Path, directory: Path) -> None:
    old = made / "old"
    old.mkdir()
    for name in _ENTRIES:
        if not (made / name).exists():
            continue
        if (directory / name).is_dir():
            (directory / name).rename(old / name)
        (made / name).rename(directory / name)
