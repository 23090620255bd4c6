"""Print a domains ConfigMap made from what you have: mesh manifests, network policies, proxies' lists, pasted lists.

All arguments are read together: files, directories and stdin are taken apart into documents, and each goes to the
format that it belongs to (`egress-overlays docs formats` has them all, and what each carries over). Lines on stderr
say what is not the same, in three kinds: "opened wider" (more is open than was), "left out" (less is), "remark". The
exit code is 1 where one of the first two is said, 0 where just the same is open. With --fix, lines that were pasted
with bullets, numbers, quotes, schemes, paths, :443, commas, table bars or HTML tags are taken where exactly one name
is left.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..editing import listfile
from ..editing.replace import replace
from ..foreign import (
    EVERY_WORKLOAD,
    FORMATS,
    LEFT,
    Place,
    Unreadable,
    for_everyone,
    formats,
    gather,
    import_all,
    left,
    of_client,
    of_namespace,
    wider,
)
from ..foreign.config_maps import config_maps
from ..lists.denials import MARK
from ..manifest.quantities import many
from ..names.domain import Domain, covering
from ..names.ports import pairs
from . import inputs
from .console import Failure
from .formats.data import structured
from .formats.escaping import visible
from .formats.text import table
from .report import Column, Row

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..foreign import Imported, Note
    from ..foreign.config_maps import ConfigMap
    from ..yamltext.manifests import Manifest
    from .console import Console

EXAMPLE = "egress-overlays import egress.yaml squid.conf allowed.txt > overlays/prod/domains.yaml"

_MOST = 50  # lines of one kind about one file: -o json has them all

# What the API server takes for an object's name (RFC 1123 subdomain).
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a directory, or - for stdin")
    parser.add_argument(
        "--from", dest="form", choices=list(FORMATS), default="", metavar="FORMAT", help=f"one of {', '.join(FORMATS)}"
    )
    parser.add_argument(
        "--at", default="", metavar="KEY.PATH", help="read the list of names at this path of keys in YAML, JSON or HCL"
    )
    parser.add_argument("--fix", action="store_true", help="take lines of pasted lists that hold one name and more")
    parser.add_argument("--name", default="egress-domains", help="the ConfigMap's name (default: egress-domains)")
    inputs.add_set(parser)
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument("--clients", action="store_true", help="a ConfigMap for each set of clients that names were for")
    scope.add_argument("--by-namespace", action="store_true", help="a ConfigMap for each namespace that names stood in")
    parser.add_argument("--into", default="", metavar="LIST", help="add to this file of a list, to the group --group")
    parser.add_argument("--group", default="", metavar="G", help="the group, a key under data, that --into adds to")
    inputs.add_output(parser, default="yaml")


def run(arguments: Namespace, console: Console) -> int:
    """Print the ConfigMaps; 1 where something is not the same."""
    inputs.check(
        "--name", arguments.name, _OBJECT, 253, "a ConfigMap's name has lower-case letters, digits, '-' and '.'"
    )
    inputs.check_set(arguments)
    found = read(arguments.files, arguments, console)
    if arguments.into or arguments.group:
        return _into(found, arguments, console)
    made = config_maps(found, arguments.name, arguments.set)
    if not made and arguments.output != "json" and not _was_understood(found):
        raise Failure("; ".join(visible(f"{one.place}: {one.words}") for one in found.notes) or found.nothing)
    if arguments.output == "json":
        console.write(structured(_data(found, made), "json"))
    elif arguments.output == "text":
        rows = [Row((name, group, comment)) for group, names in found.groups.items() for name, comment in names.items()]
        console.write("\n".join(table((Column("name"), Column("group"), Column("comment")), rows)))
    else:
        console.write("---\n".join(one.yaml() for one in made))
    _say(found, console)
    return int(not found.is_exact or not made)


def _say(found: Imported, console: Console) -> None:
    for line in said(found.notes):
        console.say(line)
    if found.notes:
        console.say(_sum(found))


def _into(found: Imported, arguments: Namespace, console: Console) -> int:
    """Add what is new to a list that exists, and say what was there."""
    if not (arguments.into and arguments.group):
        raise Failure("--into LIST and --group G belong together")
    if set(found.lists) - {EVERY_WORKLOAD}:
        raise Failure("--into adds to one list; --clients and --by-namespace make several")
    path = Path(arguments.into)
    try:
        data = path.read_bytes()
        manifest = next((one for one, group in listfile.groups(data) if group == arguments.group), None)
        if manifest is None:
            raise Failure(f'{path}: no group "{arguments.group}"')
        new, words = _compared(
            found, {one for each, group in listfile.groups(data) for one in _names(each, group)}, path
        )
        if new:
            replace(path, listfile.add_all(data, manifest, arguments.group, new))
    except OSError as fault:
        raise Failure(f"{path}: {fault.strerror}") from None
    except listfile.Uneditable as fault:
        raise Failure(f"{path}: {fault}") from None
    _say(found, console)
    for word in words:
        console.say(visible(word))
    console.say(visible(f"{path}: {many(len(new), 'name')} added to {arguments.group}, {len(words)} were there"))
    return int(not found.is_exact)


def _compared(found: Imported, there: set[str], path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """The lines, each with its comment, that are new to a list of which `there` stands on it, and words on the others.

    A denial closes no name that is open on the list, and one on the list closes what is new; notes say so.
    """
    opened = {Domain(one) for one in there if not one.startswith(MARK)}
    denied = {Domain(one.removeprefix(MARK)) for one in there if one.startswith(MARK)}
    wildcards = {one for one in opened if one.is_wildcard}
    new: list[tuple[str, str]] = []
    words: list[str] = []
    for line, comment in {line: comment for group in found.groups.values() for line, comment in group.items()}.items():
        name = line.removeprefix(MARK)
        domains = pairs(name)
        if name != line:
            if all(one in denied for one in domains):
                words.append(f"{path}: {name} is denied there already")
            elif opener := next((one for one in sorted(opened) if any(map(one.meets, domains))), None):
                said = f'"{name}" was denied, and is open now by "{opener}", which stands there'
                found.notes.insert(0, wider(Place(str(path)), said, name))
            else:
                new.append((line, visible(comment)))
        elif all(one in opened or covering(one, wildcards) is not None for one in domains):
            words.append(f"{path}: {line} is open there already")
        else:
            new.append((line, visible(comment)))
            if closing := next((one for one in sorted(denied) if any(map(one.covers, domains))), None):
                found.notes.append(
                    left(Place(str(path)), f'"{name}" is denied by "{MARK}{closing}", which stands there')
                )
    return new, words


def _names(manifest: Manifest, group: str) -> list[str]:
    """What a group opens, and its denials."""
    text = manifest.resource.value["data"][group]
    return [one for line in listfile.lines_of(text) for one in line.domains]


def read(files: list[str], arguments: Namespace, console: Console) -> Imported:
    """What `files` hold together; raises Failure where they cannot be read."""
    scoped = of_client if arguments.clients else of_namespace if arguments.by_namespace else for_everyone
    try:
        return import_all(
            gather(files, console.stdin), formats(arguments.form, fix=arguments.fix, at=arguments.at), scoped
        )
    except Unreadable as fault:
        raise Failure(visible(str(fault))) from None


def _was_understood(found: Imported) -> bool:
    """Whether something was read in a format, so that nothing to carry over is an answer."""
    return any(form not in ("plain", "at") for form in found.formats) or any(note.proposal for note in found.notes)


def said(notes: list[Note]) -> list[str]:
    """The notes as lines, the gravest kind first; of what is left out in one file not more than people read."""
    lines: list[str] = []
    more: dict[str, int] = {}
    for note in notes:
        if note.kind == LEFT:
            more[note.place.file] = more.get(note.place.file, 0) + 1
            if more[note.place.file] > _MOST:
                continue
        lines.append(visible(str(note)))
    lines += [
        visible(f"{file}: {LEFT}: {many(count - _MOST, 'more line')}; -o json has them all")
        for file, count in more.items()
        if count > _MOST
    ]
    return lines


def _sum(found: Imported) -> str:
    lines = [line for groups in found.lists.values() for group in groups.values() for line in group]
    denials = sum(line.startswith(MARK) for line in lines)
    names = many(len(lines) - denials, "name") + (f" and {many(denials, 'denial')}" if denials else "")
    counts = ", ".join(f"{kind}: {count}" for kind, count in found.counts().items())
    return f"egress-overlays: {names} carried over; {counts}"


def _data(found: Imported, made: list[ConfigMap]) -> dict[str, Any]:
    """The ConfigMap, or a List of them, with the notes beside it."""
    one: dict[str, Any] = (
        made[0].value
        if len(made) == 1
        else {
            "apiVersion": "v1",
            "kind": "List",
            "items": [each.value for each in made],
        }
    )
    notes = [
        {
            "kind": note.kind,
            "file": note.place.file,
            "line": note.place.line or None,
            "message": note.words,
            "name": note.name or None,
            "proposal": note.proposal or None,
        }
        for note in found.notes
    ]
    return {**one, "notes": notes, "counts": found.counts()}
