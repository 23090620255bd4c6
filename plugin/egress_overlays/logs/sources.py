"""Where logs come from: files, directories of them, stdin, compressed or not; read piece by piece, as whole lines."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .envelopes import of_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .connection import Origin

LONGEST_LINE = 1 << 20
TOO_LONG = b"\0"
STDIN = "-"
_PIECE = 1 << 16
_LARGEST_DOCUMENT = 1 << 28
# JSON on several lines, a list, or what the APIs of Loki, Elasticsearch and CloudWatch answer.
_DOCUMENT = re.compile(
    rb'\s*(?:[\[{]\s*\n|\[\s*[\[{\]]|\{"(?:status|data|events|results|took|hits|searchedLogStreams)")'
)


class Unreadable(ValueError):  # noqa: N818 - says what is the matter with the input
    """A log that cannot be read: one line for a person."""


class Source:
    """One log: `path` ("-" for stdin), `size` in bytes where known, and the pod that its path names."""

    def __init__(self, path: str, size: int = 0, below: str = "") -> None:
        self.path = path
        self.size = size
        self.shown = "stdin" if path == STDIN else path
        self.origin: Origin | None = of_path(below) if below else None

    @contextmanager
    def open(self, stdin: BinaryIO, tell: Callable[[int], None]) -> Iterator[Stream]:
        """What the log holds, uncompressed; `tell` hears how many bytes were read. Raises Unreadable."""
        try:
            raw = stdin if self.path == STDIN else Path(self.path).open("rb")  # noqa: SIM115 - closed below
            try:
                yield Stream(_uncompressed(io.BufferedReader(_Counted(raw, tell), _PIECE)))
            finally:
                if raw is not stdin:
                    raw.close()
        except OverflowError:
            raise Unreadable(
                f"{self.shown}: is one JSON document of over {_LARGEST_DOCUMENT >> 20} MiB; export it in parts, or one "
                "object a line"
            ) from None
        except (OSError, EOFError, zlib.error) as fault:
            why = getattr(fault, "strerror", None) or fault
            raise Unreadable(f"{self.shown}: cannot be read: {why}") from None


class _Counted(io.RawIOBase):
    """`stream`, whose bytes are counted as they are read."""

    def __init__(self, stream: BinaryIO, tell: Callable[[int], None]) -> None:
        self._stream = stream
        self._tell = tell

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._tell(len(data))
        return len(data)


def _uncompressed(stream: io.BufferedReader) -> BinaryIO:
    """`stream`, unpacked where it begins as gzip (RFC 1952) or Zstandard (RFC 8878) does."""
    start = stream.peek(4)[:4]
    if start[:2] == b"\x1f\x8b":
        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    if start == b"\x28\xb5\x2f\xfd":
        return cast("BinaryIO", _zstd().ZstdFile(stream))
    return cast("BinaryIO", stream)


def _zstd() -> Any:
    """Python's own module (3.14), or the package that brings it to older ones."""
    import sys
    from importlib import import_module

    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


class Stream:
    """What a log holds: lines, or one JSON document."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._start = stream.read(_PIECE)
        self.is_document = _DOCUMENT.match(self._start) is not None

    def everything(self) -> bytes:
        """All of it; raises OverflowError where that is too much for a document."""
        data = self._start + self._stream.read(_LARGEST_DOCUMENT)
        if len(data) > _LARGEST_DOCUMENT:
            raise OverflowError
        return data

    def pieces(self) -> Iterator[bytes]:
        """Whole lines, many at once; TOO_LONG stands for one past LONGEST_LINE, which is never held."""
        rest, piece = b"", self._start
        skipping = False
        while piece:
            end = piece.rfind(b"\n") + 1
            if not end:
                rest += piece
            else:
                whole = rest + piece[:end]
                yield TOO_LONG + whole[whole.index(b"\n") :] if skipping else whole
                rest, skipping = piece[end:], False
            if len(rest) > LONGEST_LINE:
                skipping = True
            if skipping:
                rest = b""
            piece = self._stream.read(_PIECE)
        if rest or skipping:
            yield (TOO_LONG if skipping else rest) + b"\n"


def found(paths: list[str]) -> list[Source]:
    """The logs that `paths` name, every file below a directory; raises Unreadable."""
    if paths.count(STDIN) > 1:
        raise Unreadable("stdin can be one of the logs only")
    sources = []
    for path in paths:
        place = Path(path)
        if path == STDIN:
            sources.append(Source(STDIN))
        elif place.is_dir():
            files = sorted(one for one in place.rglob("*") if one.is_file())
            if not files:
                raise Unreadable(f"{path}: holds no file")
            sources += [Source(str(one), one.stat().st_size, str(one.relative_to(place.parent))) for one in files]
        elif not place.exists():
            raise Unreadable(f"{path}: no such file or directory")
        else:
            sources.append(Source(path, place.stat().st_size, place.name))
    return sources
