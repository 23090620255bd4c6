"""An application's pod, driven from the test: what it asks for, and what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from types import TracebackType

    from .network import PodNetwork

CLIENT = Path(__file__).with_name("client.py")


class UnansweredError(AssertionError):
    """A listed name ended in an error, as on a machine that stands still: no wrong answer, and so asked once more."""


@dataclass(frozen=True)
class Outcome:
    """How one request ended: with a page (and its title) or with an error."""

    ok: bool
    title: str | None = None
    error: str | None = None

    @property
    def page(self) -> str | None:
        """The title where there has to be a page; UnansweredError with what came instead of it."""
        if not self.ok:
            raise UnansweredError(self.error)
        return self.title


def answered(outcomes: Mapping[str, Outcome], listed: Collection[str]) -> bool:
    """Whether no other than the listed names were answered; UnansweredError where one of those was not."""
    reached = {name for name, outcome in outcomes.items() if outcome.ok}
    if reached < set(listed):
        raise UnansweredError({name: outcomes[name].error for name in set(listed) - reached})
    return reached == set(listed)


class Application:
    """One long-running client in a pod; requests are made one after the other."""

    def __init__(self, pod: PodNetwork, root: Path) -> None:
        self.pod = pod
        command = pod.command(sys.executable, "-I", CLIENT, root)
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._turn = threading.Lock()

    def _ask(self, question: dict[str, Any]) -> Outcome:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._turn:
            return self._exchange(stdin, stdout, question)

    @staticmethod
    def _exchange(stdin: IO[str], stdout: IO[str], question: dict[str, Any]) -> Outcome:
        try:
            stdin.write(json.dumps(question) + "\n")
            stdin.flush()
        except OSError as error:
            return Outcome(ok=False, error=f"the client has ended: {error}")
        answer = stdout.readline()
        return Outcome(**json.loads(answer)) if answer else Outcome(ok=False, error="the client has ended")

    def get(self, name: str, **details: Any) -> Outcome:
        """One HTTPS request on a connection of its own; `details` as client.py has them."""
        return self._ask({"name": name, **details})

    def get_held(self, key: str, name: str) -> Outcome:
        """One HTTPS request on a connection that stays open under this key."""
        return self._ask({"held": key, "name": name})

    def stop(self) -> None:
        """Ends the client."""
        self._process.kill()
        self._process.communicate()


class Asking(Protocol):
    """Whoever makes requests."""

    def get(self, name: str) -> Outcome:
        """One HTTPS request."""


class Load:
    """Requests to names in turn while the `with` block lasts, at most `rate` a second; `failures` says what failed."""

    def __init__(self, application: Asking, names: list[str], *, rate: float) -> None:
        self._application = application
        self._names = names
        self._pause = 1 / rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.done = 0
        self.failures: list[str] = []

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            name = self._names[self.done % len(self._names)]
            outcome = self._application.get(name)
            self.done += 1
            if not outcome.ok:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {name}: {outcome.error}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=30)
