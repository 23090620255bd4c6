"""What `add` and `remove` share: which file and group, and how a change is shown and written."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..editing import layers
from ..editing.listfile import Uneditable, meant
from ..editing.replace import replace
from ..manifest.nearness import did_you_mean
from ..names.domain import Domain, InvalidDomain
from ..rendered.tracing import shown
from . import inputs
from .console import Failure
from .formats.data import structured
from .formats.escaping import visible
from .formats.text import paint
from .report import BAD, GOOD

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..editing.layers import Listing, View
    from ..editing.listfile import Line
    from .console import Console


def configure(parser: ArgumentParser) -> None:
    """The arguments after the domain and the group."""
    parser.add_argument(
        "file", metavar="FILE", help="a file with the domains ConfigMap, or a directory whose files name the group"
    )
    parser.add_argument("--configmap", default="", metavar="NAME", help="the ConfigMap, where a file holds several")
    parser.add_argument("--dry-run", action="store_true", help="print the change, and leave the file alone")
    inputs.add_output(parser)


class Change(NamedTuple):
    """A file that is to say `new` instead of `old`."""

    path: Path
    old: bytes
    new: bytes


def view(arguments: Namespace) -> View:
    """What FILE, a file or a directory, lists; raises Failure."""
    path = Path(arguments.file)
    try:
        if not path.is_dir():
            return layers.of_file(path, arguments.configmap)
        found = layers.of_directory(path)
    except OSError as fault:
        raise Failure(f"{path}: cannot be read: {fault.strerror}") from None
    except Uneditable as fault:
        raise Failure(f"{path}: {fault}") from None
    if not found.listings and not found.hidden:
        below = inputs.below(arguments.file)
        why = "holds no kustomization" if below else "no file that its kustomization names holds a domains ConfigMap"
        raise Failure(f"{path}: {why}{below}")
    return found


def unknown_group(found: View, arguments: Namespace) -> Failure:
    """Why there is no group to edit."""
    file, group = arguments.file, arguments.group
    for one in found.listings:
        if one.group == group and one.holder is None:
            return Failure(
                f'{file}: group "{group}" stands in {one.where}, which cannot be edited here; edit it by hand'
            )
    for hidden in found.hidden:
        if hidden.holder.group == group:
            path = hidden.holder.path
            return Failure(
                f'{file}: group "{group}" of {path} changes nothing here: {hidden.by}; take another group, or give '
                f"{path} itself to change it for those that keep it"
            )
    known = sorted({one.group for one in found.listings})
    hint = did_you_mean(group, known)
    more = "; --new-group makes one" if "new_group" in arguments else ""
    return Failure(f'{file}: no group "{group}"; there are: {", ".join(known) or "none"}{hint}{more}')


def openers(found: View, name: Domain) -> list[tuple[Listing, Line]]:
    """The lines that open all that `name` stands for; of one that denies, those that deny it too."""
    return [
        (listing, line)
        for listing in found.listings
        for line in listing.lines
        if any(one == name or (one.covers(name) and name[:1] != "!") for one in line.domains)
    ]


def deniers(found: View, name: Domain) -> list[tuple[Listing, Line]]:
    """The lines that deny all that `name` stands for."""
    return [
        (listing, line)
        for listing in found.listings
        for line in listing.lines
        if any(one.covers(name) for one in line.denied)
    ]


def place(listing: Listing, arguments: Namespace) -> str:
    """The group, and where it stands unless that is FILE itself."""
    return listing.group if listing.where == arguments.file else f"{listing.group} of {listing.where}"


def shared(path: Path, arguments: Namespace) -> list[str]:
    """What to say of a file that the directory FILE does not have to itself."""
    directory = Path(arguments.file)
    if not directory.is_dir() or path.resolve().is_relative_to(directory.resolve()):
        return []
    others = [shown(one) for one in layers.using(path, directory)]
    return [f"{path} is shared: {', '.join(others) or 'whatever else uses it'} changes too, and not {directory} alone"]


def domain(text: str) -> tuple[Domain, ...]:
    """What `text` stands for; raises Failure."""
    inputs.no_path(text)
    try:
        return meant(text)
    except InvalidDomain as fault:
        raise Failure(f"cannot stand on a list: {fault}") from None


def finish(changes: list[Change], words: list[str], arguments: Namespace, console: Console) -> int:
    """Write or show the changes; 0. Raises Failure where a file cannot be written, and then leaves all as they were."""
    if not arguments.dry_run:
        _write(changes)
    diff = "".join(map(_diff, changes))
    if arguments.output != "text":
        files = [str(one.path) for one in changes]
        said: dict[str, Any] = {"file": (files or [arguments.file])[0], "files": files, "changed": bool(changes)}
        said |= {"dryRun": arguments.dry_run, "notes": words, "diff": diff}
        console.write(structured(said, arguments.output))
        return 0
    if arguments.dry_run:
        colour = console.colour(console.out)
        for line in diff.splitlines():
            tone = {"+": GOOD, "-": BAD}.get(line[:1], "") if line[:3] not in ("+++", "---") else ""
            console.write(paint("\t".join(map(visible, line.split("\t"))), tone, on=colour))
    for word in words:
        console.say(visible(word))
    return 0


def _write(changes: list[Change]) -> None:
    for index, change in enumerate(changes):
        try:
            replace(change.path, change.new)
        except OSError as fault:
            for done in changes[:index]:
                replace(done.path, done.old)
            raise Failure(f"{change.path}: {fault.strerror}; nothing was changed") from None


def _diff(change: Change) -> str:
    old, new = (data.decode().splitlines(keepends=True) for data in (change.old, change.new))
    return "".join(unified_diff(old, new, f"a/{change.path}", f"b/{change.path}"))
