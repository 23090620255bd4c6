"""Replaces a file by a new version of itself, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path` atomically; its mode stays, and a link goes on pointing to it.

    Owner and group stay where this user may give files to them.

    Raises PermissionError for a read-only file, though its directory would allow it.
    """
    path = path.resolve()
    state = path.stat()
    if not state.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise PermissionError(13, "is read-only")
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _keep_owner(descriptor, state)
            # After the owner, whose change takes set-id bits away.
            os.fchmod(descriptor, state.st_mode & 0o7777)
            os.fsync(descriptor)
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def _keep_owner(descriptor: int, state: os.stat_result) -> None:
    now = os.fstat(descriptor)
    if now.st_gid != state.st_gid:
        with suppress(PermissionError):
            os.fchown(descriptor, -1, state.st_gid)
    if now.st_uid != state.st_uid:
        with suppress(PermissionError):
            os.fchown(descriptor, state.st_uid, -1)
