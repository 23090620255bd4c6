"""The ways in: KRM function, older exec plugin, command. Only `run` reads the world and exits."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO, NoReturn, TextIO

    from .manifest.findings import Finding

_LEGACY = "legacy"


def main(argv: Sequence[str], stdin: BinaryIO, stdout: TextIO, stderr: TextIO, *, interactive: bool = False) -> int:
    """Run what `argv` (without the program's name) asks for; returns the exit code.

    Nothing is written to `stdout` before everything is known to be right.
    """
    if argv and argv[0] != _LEGACY:
        from .cli import command

        return command(argv, stdin, stdout, stderr)
    if not argv and interactive:
        from .cli import command

        return command(["--help"], stdin, stdout, stderr)
    return _function(argv, stdin, stdout, stderr)


def _function(argv: Sequence[str], stdin: BinaryIO, stdout: TextIO, stderr: TextIO) -> int:
    try:
        from .function.krm import process, spoken
        from .yamltext import InvalidInput

        try:
            if argv:
                text, findings, code = _legacy(argv, stdin)
            else:
                text, findings, code = process(stdin.read())
        except InvalidInput as fault:
            stderr.write(f"egress-overlays: error: {fault}\n")
            return 1
    except ImportError as fault:
        from .installation import missing

        stderr.write(missing(fault) + "\n")
        return 1
    stderr.writelines(line + "\n" for line in spoken(findings))
    stdout.write(text)
    stdout.flush()
    return code


def _legacy(argv: Sequence[str], stdin: BinaryIO) -> tuple[str, list[Finding], int]:
    from .function import legacy
    from .yamltext import InvalidInput

    if len(argv) != 2:
        raise InvalidInput(f"{_LEGACY} takes one argument, the file that Kustomize writes the plugin's config to")
    with open(argv[1], "rb") as config:  # noqa: PTH123 - pathlib costs the function's start
        return legacy.process(config.read(), stdin.read())


def _internal(fault: Exception) -> str:
    """One line that tells us, not the user, where to look."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
    return f"a fault of egress-overlays itself, nothing was written; please report it: {fault!r} at {place}"


def run() -> None:
    """The process: real streams, real exit."""
    stderr = None
    # Lists make no cycles; looking for some every 700 objects took 6 % of the time with 10,000 names.
    gc.set_threshold(200_000)
    try:
        # Text of every language goes as UTF-8 whatever the locale says; a pipeline has none.
        stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        stdout = open(1, "w", encoding="utf-8", newline="\n", closefd=False)  # noqa: SIM115
        stdin = open(0, "rb", closefd=False)  # noqa: SIM115
        code = main(sys.argv[1:], stdin, stdout, stderr, interactive=stdin.isatty())
        stdout.flush()
        stderr.flush()
    except KeyboardInterrupt:
        _leave(130)
    except BrokenPipeError:
        _leave(1)
    except Exception as fault:  # noqa: BLE001 - a person gets one line, whatever happens
        if stderr is not None:
            words = f"{fault.strerror}: {fault.filename or 'a standard stream'}" if isinstance(fault, OSError) else ""
            stderr.write(f"egress-overlays: error: {words or _internal(fault)}\n")
            stderr.flush()
        # 1 is an answer of most commands, and must not be taken for one here.
        _leave((2 if _is_command() else 1) if isinstance(fault, OSError) else 3)
    if "threading" not in sys.modules:
        # Without threads there is nothing to end, and taking the interpreter down is a tenth of a short run.
        _leave(code)
    raise SystemExit(code)


def _is_command() -> bool:
    """Whether a command was asked for, and not the function."""
    return len(sys.argv) > 1 and sys.argv[1] != _LEGACY


def _leave(code: int) -> NoReturn:
    """Exit at once: the interpreter would flush streams that failed once more, and complain once more."""
    from posix import _exit  # as in os, which would have to be loaded

    _exit(code)


if __name__ == "__main__":
    run()
