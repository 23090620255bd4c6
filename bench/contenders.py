"""Who is measured: our function, and what a user would take instead of it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tools.fetch.component import Component, install, run
from tools.fetch.golang import GO_ENV, STRIP, go

from .workloads import CHECKOUT

PEERS = Path(__file__).with_name("peers")
FUNCTION = CHECKOUT / "plugin" / "egress-overlays"

OURS = "egress-overlays"
GO = "Go function"
NAIVE = "naive Python"
CAT = "cat"
REPLAY = "same output from cat"
REPLACEMENTS = "replacements"
ARCHIVE = "self-contained archive"
EMPTY = "empty interpreter"
EMPTY_BY_SH = "empty interpreter from sh"


def functions(into: Path) -> dict[str, Path]:
    """The executables that Kustomize can run, by name; the Go one is built where the cache lacks it."""
    naive = into / "naive"
    # With the interpreter's own path, so that no `env` and no shell adds to its start.
    naive.write_text(f"#!{sys.executable}\n{(PEERS / 'naive.py').read_text()}")
    naive.chmod(0o755)
    return {OURS: FUNCTION, GO: go_function(), NAIVE: naive, CAT: _program("cat")}


def starts(into: Path) -> dict[str, tuple[str, ...]]:
    """What no Python function can be quicker than, with and without the shell that looks for Python."""
    by_sh = into / "empty"
    by_sh.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S -c ""\n')
    by_sh.chmod(0o755)
    return {EMPTY: (sys.executable, "-I", "-S", "-c", ""), EMPTY_BY_SH: (str(by_sh),)}


def replay(fed: Path, into: Path) -> Path:
    """A function that prints what ours makes of `fed`: the least that Kustomize asks of any that gives this result."""
    output = into / f"{fed.name}.output"
    with fed.open() as stdin, output.open("w") as stdout:
        subprocess.run([FUNCTION], stdin=stdin, stdout=stdout, check=True)
    program = into / f"{fed.name}.replay"
    program.write_text(f'#!/bin/sh\ncat >/dev/null\nexec cat "{output}"\n')
    program.chmod(0o755)
    return program


def archive(into: Path) -> Path:
    """The executable of the archive that `make dist` has built, which brings its own interpreter."""
    found = list((CHECKOUT / "dist").glob("egress-overlays-*-linux-*.tar.gz"))
    if len(found) != 1:
        raise SystemExit("bench: dist/ does not hold one archive; run `make dist`")
    with tarfile.open(found[0]) as packed:
        packed.extractall(into / "archive", filter="data")
    (unpacked,) = (into / "archive").iterdir()
    return unpacked / "egress-overlays"


def go_function() -> Path:
    """The Go peer in the cache, built anew where its sources have changed."""
    sources = [PEERS / "go" / name for name in ("main.go", "go.mod", "go.sum")]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]

    def make(into: Path) -> None:
        build = ("build", *STRIP, "-o", into / "inject", ".")
        run(go(), *build, cwd=PEERS / "go", env=GO_ENV)

    component = Component(f"bench-go-{digest}", {"inject": "inject"}, make)
    if not component.present():
        install(component)
    return component.paths()["inject"]


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"bench: {name} is not on PATH")
    return Path(found)
