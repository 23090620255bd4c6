"""Bring a tree that `init` made to this version; your edits stay.

The bases, components/ and plugin/ of DIR are merged, file by file, with what changed between the version that
laid them down (noted in .egress-overlays.yaml, else recognised by the files) and this one. The diff is printed;
overlays/ are not touched. Where you and the new version changed the same lines, both stand in the file between conflict
marks, and the exit code is 1.
"""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from ..editing import releases, upgrading
from ..editing.replace import replace
from ..manifest.quantities import many
from ..version import VERSION
from . import inputs
from .console import Failure
from .formats.data import structured

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..editing.upgrading import Step
    from .console import Console

EXAMPLE = "egress-overlays upgrade --dry-run"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", default=".", help="the tree that init made (default: this directory)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the diff and write nothing")
    inputs.add_output(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Merge and print; 0, or 1 where something is left to do."""
    tree = Path(arguments.directory)
    if not (tree / "base").is_dir():
        raise Failure(f"{tree}: has no base/; name the directory that `egress-overlays init` made")
    version = releases.noted(tree) or releases.recognised(tree)
    old = releases.released(version) if version else None
    if version is None or old is None:
        known = ", ".join(releases.versions())
        said = f'was made by version "{version}", which is' if version else "holds no file of a version that is"
        raise Failure(f"{tree}: {said} not known here (known: {known}); upgrade with the newest egress-overlays")
    new = releases.released(VERSION) or {}
    try:
        found = list(upgrading.steps(tree, old, new, (version, VERSION)))
        if not arguments.dry_run:
            _write(tree, found)
    except OSError as fault:
        raise Failure(f"{fault.filename or tree}: {fault.strerror or fault}") from None
    _show(found, version, arguments, console)
    return int(any(step.what == upgrading.CONFLICT for step in found))


def _write(tree: Path, found: Sequence[Step]) -> None:
    for step in found:
        file = tree / step.path
        if step.after is None and step.before is not None:
            file.unlink()
        elif step.after is not None and step.after != step.before:
            if step.before is None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
            replace(file, step.after)
    note = tree / releases.NOTE
    note.touch()
    replace(note, releases.note())


def _show(found: Sequence[Step], version: str, arguments: Namespace, console: Console) -> None:
    if arguments.output != "text":
        changes = [{"path": str(step.path), "what": step.what, "why": step.why} for step in found]
        console.write(structured({"from": version, "to": VERSION, "changes": changes}, arguments.output))
    else:
        for step in found:
            console.write("".join(_diff(step)))
    for step in found:
        if step.why:
            console.say(f"egress-overlays: {step.what}: {step.path}: {step.why}")
    written = "nothing was written (--dry-run)" if arguments.dry_run else "written; read it with git diff"
    console.say(
        f"egress-overlays: from {version} to {VERSION}: {many(len(found), 'file differs', 'files differ')}; {written}"
    )


def _diff(step: Step) -> list[str]:
    before, after = (_lines(content) for content in (step.before, step.after))
    return list(unified_diff(before, after, f"a/{step.path}", f"b/{step.path}"))


def _lines(content: bytes | None) -> list[str]:
    text = (content or b"").decode(errors="replace")
    return [line + "\n" for line in text.removesuffix("\n").split("\n")] if text else []
