"""A tree of `init` brought to another version, its owner's edits kept: a three-way merge, file by file.

The merge of one text is git's own (`git merge-file`).
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from ..manifest.quantities import many

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ADDED = "added"
CHANGED = "changed"
REMOVED = "removed"
CONFLICT = "conflict"
KEPT = "kept"


class Step(NamedTuple):
    """What happens to the file at `path`: `before` and `after` are its contents, None where there is none.

    `what` is one of ADDED, CHANGED, REMOVED, CONFLICT (`after` holds conflict marks, or is the owner's own file) and
    KEPT (the file stays, or stays away, though the versions differ); `why` says so in words for the last two.
    """

    path: Path
    what: str
    before: bytes | None
    after: bytes | None
    why: str = ""


def steps(tree: Path, old: Mapping[Path, bytes], new: Mapping[Path, bytes], labels: tuple[str, str]) -> Iterator[Step]:
    """What leads from `old` to `new` in `tree`, which was made from `old` and edited; `labels` name the two."""
    for path in sorted({*old, *new}):
        file = tree / path
        mine = file.read_bytes() if file.is_file() else None
        step = _step(path, mine, old.get(path), new.get(path), labels)
        if step is not None:
            yield step


def _step(path: Path, mine: bytes | None, old: bytes | None, new: bytes | None, labels: tuple[str, str]) -> Step | None:
    if new in (mine, old):
        return None
    what, after, why = CHANGED, new, ""
    if mine == old:
        what = ADDED if old is None else REMOVED if new is None else CHANGED
    elif mine is None:
        what, after, why = KEPT, None, f"you removed it, and {labels[1]} changes it; it stays away"
    elif new is None:
        what, after, why = KEPT, mine, f"{labels[1]} has it no more, and you edited it; remove it, or keep it as yours"
    elif old is None:
        what, after = CONFLICT, mine
        why = f"{labels[1]} brings a file of this name, and yours is another; rename yours"
    else:
        after, conflicts = merge(mine, old, new, labels)
        if conflicts:
            places = many(conflicts, "place")
            what, why = CONFLICT, f"you and {labels[1]} changed {places} in different ways; search for <<<<<<<"
    return Step(path, what, mine, after, why)


def merge(mine: bytes, old: bytes, new: bytes, labels: tuple[str, str]) -> tuple[bytes, int]:
    """`mine` with what leads from `old` to `new`, and the number of conflicts, which are marked in it.

    Raises OSError where git is not to be had.
    """
    with TemporaryDirectory(prefix="egress-overlays-") as made:
        names = []
        for name, content in (("mine", mine), ("old", old), ("new", new)):
            (Path(made) / name).write_bytes(content)
            names.append(name)
        marks = [part for label in ("yours", *labels) for part in ("-L", label)]
        done = subprocess.run(["git", "merge-file", "-p", *marks, *names], cwd=made, capture_output=True, check=False)
    if done.returncode < 0 or done.returncode >= 128:
        raise OSError(done.returncode, f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout, done.returncode
