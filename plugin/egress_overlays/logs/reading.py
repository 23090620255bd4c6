"""Logs, read into a tally: line by line, or as one document where an export is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import jsonlines
from .connection import Origin
from .envelopes import of_document
from .sources import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from .sources import Source
    from .tally import Tally


def count(
    sources: Iterable[Source], tally: Tally, stdin: BinaryIO, tell: Callable[[int], None] = lambda _read: None
) -> None:
    """Count all of `sources`; `tell` hears how many bytes were read. Raises Unreadable."""
    for source in sources:
        origin = source.origin or Origin()
        with source.open(stdin, tell) as stream:
            if stream.is_document:
                _document(stream.everything(), source, tally)
            else:
                for piece in stream.pieces():
                    tally.add(piece, origin)
    tally.finish()


def _document(data: bytes, source: Source, tally: Tally) -> None:
    try:
        value = jsonlines.decode(data)
    except ValueError as fault:
        raise Unreadable(f"{source.shown}: is no JSON document after all: {fault}") from None
    for origin, line in of_document(value):
        tally.add(line.replace(b"\n", b" ") + b"\n", origin if origin.pod else (source.origin or origin))
