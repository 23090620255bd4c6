"""The command, run in this process."""

from __future__ import annotations

from io import BytesIO, StringIO
from typing import NamedTuple, Protocol

from egress_overlays.__main__ import main


class Outcome(NamedTuple):
    """What a run left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs the command with these arguments."""

    def __call__(self, *argv: object, stdin: bytes = b"") -> Outcome: ...


def run(*argv: object, stdin: bytes = b"") -> Outcome:
    """Run the command with `argv`."""
    out, err = StringIO(), StringIO()
    code = main([str(word) for word in argv], BytesIO(stdin), out, err)
    return Outcome(code, out.getvalue(), err.getvalue())


def one_line(outcome: Outcome, code: int) -> str:
    """The single line on stderr of a run that failed with `code` and printed nothing."""
    assert (outcome.code, outcome.out) == (code, ""), outcome
    lines = outcome.err.splitlines()
    assert len(lines) == 1, outcome.err
    return lines[0]
