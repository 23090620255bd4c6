"""The world as a command sees it: streams, and whether a person looks at them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO, TextIO


class Failure(Exception):  # noqa: N818 - what the contract calls exit 2
    """Wrong use, or input that cannot be read: one line for a person; the exit code is 2."""


class Console:
    """`stdin`, `out` for data, `err` for people, and the environment."""

    def __init__(self, stdin: BinaryIO, out: TextIO, err: TextIO, environ: Mapping[str, str] | None = None) -> None:
        self.stdin = stdin
        self.out = out
        self.err = err
        self.environ = os.environ if environ is None else environ
        self.code = 0

    def write(self, text: str) -> None:
        """Data, on stdout."""
        self.out.write(text if not text or text.endswith("\n") else text + "\n")

    def say(self, text: str) -> None:
        """Words for people, on stderr."""
        self.err.write(text + "\n")

    def fault(self, text: str) -> None:
        """Words for people about something that was found: the exit code is 1 at least."""
        self.say(f"egress-overlays: error: {text}")
        self.code = 1

    def refuse(self, faults: Sequence[str]) -> None:
        """Say what is wrong with a text, all of it at once, and end there; without faults go on."""
        for one in faults[:-1]:
            self.fault(one)
        if faults:
            raise Failure(faults[-1])

    def width(self, stream: TextIO) -> int:
        """How many characters a line of `stream` has: a terminal's columns; 0, for no bound, of any other."""
        if not stream.isatty():
            return 0
        columns = self.environ.get("COLUMNS", "")
        try:
            return int(columns) if columns.isdecimal() else os.get_terminal_size(stream.fileno()).columns
        except OSError:
            return 0

    def colour(self, stream: TextIO) -> bool:
        """Whether to colour what goes to `stream`: a terminal, unless NO_COLOR is set (no-color.org)."""
        return stream.isatty() and not self.environ.get("NO_COLOR")


def text_of(file: Path) -> str:
    """The text in `file`; raises Failure where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Failure(f"{file}: cannot be read: {fault}") from None
