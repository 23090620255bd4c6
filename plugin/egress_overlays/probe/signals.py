"""Signals that end the probe, kept from the moments in which they would leave something behind."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def end_once() -> None:
    """Make each of ENDING raise KeyboardInterrupt, the first time; a second one must not interrupt the tidying up.

    Signals that the process was started deaf to, as nohup does, stay ignored.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        for one in ENDING:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in ENDING:
        if signal.getsignal(one) != signal.SIG_IGN:
            signal.signal(one, end)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Have signals that a handler awaits act after the block; Python delivers them to the main thread alone.

    One between the start of a process and its assignment would leave a process that nobody knows of.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {one: handler for one in ENDING if callable(handler := signal.getsignal(one))}
    try:
        for one in handlers:
            signal.signal(one, lambda number, _frame: came.append(number))
        yield
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)
    for number in came:
        signal.raise_signal(number)
