"""Add a domain to a group of a domains ConfigMap, and leave everything else in the file as it is.

A group whose names are in order stays in order; any other gets the name at its end. A second run changes nothing. Given
a directory, the file is edited that decides what it allows; a group that an outer layer removes or replaces is refused,
and a file that other overlays use is named as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..editing import listfile
from ..editing.listfile import lines_of
from . import edit
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..editing.layers import Holder, View
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
    found = edit.view(arguments)
    holder = _holder(found, arguments)
    told = [found.doubt] if found.doubt else []
    for line in lines_of(holder.text):
        if line.domains == domains:
            words = [f"{line.text} stands in {holder.group} already ({holder.path})", *told]
            return edit.finish([], words, arguments, console)
    words = []
    for name in domains:
        for listing, line in edit.openers(found, name):
            how = "covered by" if any(one != name and one.is_wildcard for one in line.domains) else "listed as"
            words.append(f"{name} is {how} {line.text} in {edit.place(listing, arguments)}, and so open already")
    name = arguments.domain.strip()
    try:
        new = listfile.add(holder.data, holder.manifest, holder.group, name, arguments.comment)
    except listfile.Uneditable as fault:
        raise Failure(f"{holder.path}: {fault}") from None
    verb = "would be added" if arguments.dry_run else "added"
    words = [f"{name} {verb} to {holder.group} in {holder.path}", *edit.shared(holder.path, arguments), *words, *told]
    return edit.finish([edit.Change(holder.path, holder.data, new)], words, arguments, console)


def _holder(found: View, arguments: Namespace) -> Holder:
    """The group to add to: the outermost one that counts."""
    group = arguments.group
    holders = [one.holder for one in found.listings if one.holder is not None and one.group == group]
    if arguments.configmap:
        holders = [one for one in holders if one.manifest.resource.name == arguments.configmap]
    if not holders:
        raise edit.unknown_group(found, arguments)
    same = [one.manifest.resource.name for one in holders if one.path == holders[0].path]
    if len(same) > 1:
        names = ", ".join(same)
        raise Failure(
            f'{holders[0].path}: several ConfigMaps have the group "{group}"; name one with --configmap: {names}'
        )
    return holders[0]
