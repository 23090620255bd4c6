"""Replaces a file by a new version of itself, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path` atomically; mode and owner stay, and a link goes on pointing to it.

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
            os.fchmod(descriptor, state.st_mode & 0o7777)
            if (state.st_uid, state.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, state.st_uid, state.st_gid)
            os.fsync(descriptor)
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
