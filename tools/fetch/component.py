"""A component in the cache: what it is, and how it gets there whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "egress-overlays" / "components"


class ComponentError(RuntimeError):
    """A component could not be fetched or built; the message is one line to act on."""


def versions() -> dict[str, str]:
    """The KEY=VALUE lines of tools/versions.env; `make TARGET KEY=VALUE` has another value for one run."""
    lines = (line.strip() for line in Path(__file__).parents[1].joinpath("versions.env").read_text().splitlines())
    pinned = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {key: os.environ.get(key, value) for key, value in pinned.items()}


VERSIONS = versions()


@dataclass(frozen=True)
class Component:
    """A directory of the cache, the files it holds by component name, and what fills it."""

    directory: str
    files: dict[str, str]
    make: Callable[[Path], None]

    def paths(self) -> dict[str, Path]:
        """Where each file of this component stands (or will)."""
        return {name: CACHE / self.directory / file for name, file in self.files.items()}

    def present(self) -> bool:
        """Whether it is complete: directories are renamed into place, so looking for the files is enough."""
        return all(path.exists() for path in self.paths().values())


def install(component: Component) -> None:
    """Makes a component in a directory beside its place and renames it there when complete."""
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / component.directory
    started = time.monotonic()
    print(f"{component.directory}: getting {', '.join(component.files)} ...", file=sys.stderr, flush=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{component.directory}-", dir=CACHE))
    try:
        component.make(scratch)
        shutil.rmtree(target, ignore_errors=True)
        scratch.chmod(0o755)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{component.directory}: done in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Runs a build step at low priority and returns its stdout; its stderr goes to a log that a failure names."""
    with tempfile.NamedTemporaryFile("w+", prefix="egress-overlays-", suffix=".log", delete=False) as log:
        command = [*(["nice", "-n", "10"] if shutil.which("nice") else []), *map(str, argv)]
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=False,
        )
    if done.returncode:
        last = (Path(log.name).read_text().strip().splitlines() or ["no output"])[-1]
        raise ComponentError(f"{' '.join(command)}: exit {done.returncode}: {last} (all of it: {log.name})")
    Path(log.name).unlink()
    return done.stdout
