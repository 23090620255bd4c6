"""Since when a line stands in its file, and by which commit: `git blame`, once a file."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

_NOT_COMMITTED = "0" * 40


class Commit(NamedTuple):
    """A commit: its `id` in short, its `author`, its `date` (ISO 8601), and the first line of its message."""

    id: str
    author: str
    date: str
    subject: str


def head(directory: Path | str = ".", revision: str = "HEAD") -> Commit | None:
    """The commit that is checked out in `directory`, or `revision`; None where git knows none."""
    return _logged(directory, revision)


def _logged(directory: Path | str, revisions: str, *files: str) -> Commit | None:
    words = ["git", "log", "-1", "--format=%H%x00%an%x00%as%x00%s", "--end-of-options", revisions, "--", *files]
    try:
        done = subprocess.run(words, cwd=directory, capture_output=True, check=False)
    except OSError:
        return None
    fields = done.stdout.decode(errors="replace").strip().split("\0")
    return Commit(fields[0][:10], *fields[1:]) if not done.returncode and len(fields) == 4 else None


def latest(directory: Path | str, revisions: str, file: str) -> Commit | None:
    """The last commit of `revisions` (`R1..R2`) that changed `file`, which is relative to `directory`."""
    return _logged(directory, revisions, f"./{file}")


class Blame:
    """The commits of lines as `revision` has them, "" being the working tree; files are relative to `directory`."""

    def __init__(self, directory: Path | str = ".", revision: str = "") -> None:
        self._directory = directory
        self._revision = revision
        self._files: dict[str, dict[int, Commit]] = {}

    def of(self, file: str, line: int) -> Commit | None:
        """The commit of `line` (from 1) of `file`; None where git knows none."""
        if file not in self._files:
            self._files[file] = self._read(file)
        return self._files[file].get(line)

    def _read(self, file: str) -> dict[int, Commit]:
        words = ["git", "blame", "--line-porcelain", *filter(None, [self._revision]), "--", file]
        try:
            done = subprocess.run(words, cwd=self._directory, capture_output=True, check=False)
        except OSError:
            return {}
        found: dict[int, Commit] = {}
        fields: dict[str, str] = {}
        for text in done.stdout.decode(errors="replace").split("\n") if not done.returncode else ():
            if not text.startswith("\t"):
                key, _, value = text.partition(" ")
                if len(key) == 40:
                    fields = {"id": key, "line": value.split()[1]}
                fields.setdefault(key, value)
            elif fields["id"] != _NOT_COMMITTED:
                date = datetime.fromtimestamp(int(fields["author-time"]), UTC).date().isoformat()
                found[int(fields["line"])] = Commit(fields["id"][:10], fields["author"], date, fields["summary"])
        return found
