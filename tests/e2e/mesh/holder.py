"""A client in a pod that holds many connections at once, driven from the test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .network import PodNetwork

PROGRAM = Path(__file__).with_name("holding.py")


class Holder:
    """Connections to each name that stay open until their other side ends them."""

    def __init__(self, pod: PodNetwork, root: Path, each: int) -> None:
        command = pod.command(sys.executable, "-I", PROGRAM, root)
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._each = each

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, names: Sequence[str]) -> None:
        """Opens what is missing to each name; each answers once."""
        assert self._say(open=list(names), each=self._each)["failed"] == []

    def ask(self) -> None:
        """Each connection that is held answers a request."""
        assert self._say(ask=True)["failed"] == []

    def ended(self) -> dict[str, int]:
        """How many connections to each name have ended since the last question."""
        found: dict[str, int] = self._say(ended=True)["ended"]
        return found

    def _say(self, **question: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
