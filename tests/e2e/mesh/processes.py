"""Programs that run for as long as a test needs them, each with one log file."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Result = TypeVar("Result")

# A machine with other work is slower than the one that these times were taken on; waiting costs only what fails.
PATIENCE = 3


def eventually(probe: Callable[[], Result], *, within: float, what: str) -> Result:
    """What `probe` returns once that is true; AssertionError and OSError mean: not yet.

    `within` is in seconds of an idle machine, and PATIENCE times that is waited.
    Raises TimeoutError that says `what` was waited for, and the last error.
    """
    deadline = time.monotonic() + PATIENCE * within
    last: object = None
    while True:
        try:
            found = probe()
        except (AssertionError, OSError) as error:
            last = error
        else:
            if found:
                return found
            last = found
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE * within:g} s: {what}; last seen: {last!r}")
        time.sleep(0.1)


def last_lines(log: Path, lines: int) -> list[str]:
    """The last lines of a log, as far as they are text."""
    return log.read_text(errors="replace").strip().splitlines()[-lines:]


class EndedError(RuntimeError):
    """A program that should be running has ended."""


class Daemon:
    """One long-running program in a session of its own, so that stopping it also stops what it started."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        self.cwd = cwd
        self.env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: Callable[[], object], *, within: float = 60) -> None:
        """Starts it and waits until `ready` is true; EndedError with its last lines if it ends before that."""
        # Append: Envoy opens /dev/stdout for its access log a second time, and both ends write.
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.argv,
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

        def up() -> bool:
            if not self.running:
                raise EndedError(f"{self.name} ended at once: {self.tail()}")
            return bool(ready())

        try:
            eventually(up, within=within, what=f"{self.name} is ready ({self.log})")
        except (EndedError, TimeoutError):
            self.stop()
            raise

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Sends it, and nothing that it started, a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self, *, how: signal.Signals = signal.SIGKILL) -> None:
        """Ends it and everything it started; a program that has ended already is fine."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, how)
            self._process.wait(timeout=20)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def tail(self, lines: int = 5) -> str:
        """The last lines of its log."""
        return " | ".join(last_lines(self.log, lines))
