"""Add a domain to a group of a domains ConfigMap, and leave everything else in the file as it is.

A group whose names are in order stays in order; any other gets the name at its end. A second run changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import listfile
from ..domains import covering
from . import edit
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .console import Console

EXAMPLE = "egress-overlays add api.example.com --group partners --comment 'orders, EX-17' overlays/prod/domains.yaml"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("domain", metavar="DOMAIN", help="a name, *.name for all below it, or .name for both")
    parser.add_argument("--group", required=True, metavar="G", help="the group, a key under data")
    parser.add_argument("--comment", default="", metavar="TEXT", help="who asked for it, and why")
    edit.configure(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Edit the file."""
    domains = edit.domain(arguments.domain)
    if not arguments.comment.isprintable():
        raise Failure("the comment must be one line of printable characters")
    found = edit.files(arguments)
    holders = [(file, manifest, group) for file in found for manifest, group in file.groups if group == arguments.group]
    if not holders:
        known = sorted({group for file in found for _, group in file.groups})
        raise Failure(f'{arguments.file}: no group "{arguments.group}"; there are: {", ".join(known) or "none"}')
    file, manifest, group = holders[0]
    if len([one for one in holders if one[0] is file]) > 1:
        names = ", ".join(one[1].resource.name for one in holders if one[0] is file)
        raise Failure(f'{file.path}: several ConfigMaps have the group "{group}"; name one with --configmap: {names}')
    words = []
    for _, other, line in file.lines():
        if line.domains == domains and other == group:
            return edit.finish(file, file.data, [f"{line.text} stands in {group} already"], arguments, console)
        if line.domains == domains:
            words.append(f"{line.text} stands in {other} too")
    wildcards = {name for _, _, line in file.lines() for name in line.domains if name.is_wildcard}
    for name in domains:
        cover = covering(name, wildcards)
        if cover:
            words.append(f"{name} is covered by {cover}, and so open already")
    name = arguments.domain.strip()
    try:
        new = listfile.add(file.data, manifest, group, name, arguments.comment)
    except listfile.Uneditable as fault:
        raise Failure(f"{file.path}: {fault}") from None
    verb = "would be added" if arguments.dry_run else "added"
    return edit.finish(file, new, [f"{name} {verb} to {group} in {file.path}", *words], arguments, console)
