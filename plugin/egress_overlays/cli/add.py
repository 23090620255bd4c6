"""Add a domain to a group of a domains ConfigMap, and leave everything else in the file as it is.

A group whose names are in order stays in order; any other gets the name at its end. A second run changes nothing. Given
a directory, the file is edited that decides what it allows; a group that an outer layer removes or replaces is refused,
and a file that other overlays use is named as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..editing import annotated, listfile
from ..editing.listfile import lines_of
from ..lists import allowlist
from ..manifest.findings import WARNING
from ..manifest.resource import ALLOW_EMPTY_ANNOTATION
from ..yamltext import manifests
from . import edit
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..editing.layers import Holder, View
    from ..names.domain import Domain
    from .console import Console

EXAMPLE = "egress-overlays add api.example.com --group partners --comment 'orders, EX-17' overlays/prod/domains.yaml"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "domains", nargs="+", metavar="DOMAIN", help="a name, *.name for all below it, or .name for both"
    )
    parser.add_argument("--group", required=True, metavar="G", help="the group, a key under data")
    parser.add_argument("--new-group", action="store_true", help="make the group where it is not there yet")
    parser.add_argument("--comment", default="", metavar="TEXT", help="who asked for it, and why")
    edit.configure(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Edit the file, for one name after the other; all of them must be names."""
    if len(arguments.domains) > 1 and (arguments.dry_run or arguments.output != "text"):
        raise Failure("--dry-run and --output are for one name at a time")
    for text in arguments.domains:
        edit.domain(text)
    for text in arguments.domains:
        arguments.domain = text
        _add(arguments, console)
    return 0


def _add(arguments: Namespace, console: Console) -> int:
    domains = edit.domain(arguments.domain)
    if not arguments.comment.isprintable():
        raise Failure("the comment must be one line of printable characters")
    found = edit.view(arguments)
    told = [found.doubt] if found.doubt else []
    if arguments.new_group and not any(one.group == arguments.group for one in found.listings):
        return _in_new_group(found, arguments, console)
    holder = _holder(found, arguments)
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
    new, more = _no_longer_empty(new, holder)
    words += [*more, *_warnings(new, holder.manifest.resource.name, domains)]
    verb = "would be added" if arguments.dry_run else "added"
    words = [f"{name} {verb} to {holder.group} in {holder.path}", *edit.shared(holder.path, arguments), *words, *told]
    return edit.finish([edit.Change(holder.path, holder.data, new)], words, arguments, console)


def _in_new_group(found: View, arguments: Namespace, console: Console) -> int:
    """Add the name in a group that is not there yet, to the one list there is."""
    holders = {one.holder.manifest.resource.name: one.holder for one in found.listings if one.holder is not None}
    if arguments.configmap:
        holders = {name: one for name, one in holders.items() if name == arguments.configmap}
    if len(holders) != 1:
        names = ", ".join(sorted(holders)) or "none"
        raise Failure(f"{arguments.file}: --new-group needs one list with a group; name it with --configmap: {names}")
    (holder,) = holders.values()
    name = arguments.domain.strip()
    line = f"{name}  # {arguments.comment}" if arguments.comment else name
    try:
        new = annotated.new_group(holder.data, holder.manifest, arguments.group, line)
    except listfile.Uneditable as fault:
        raise Failure(f"{holder.path}: {fault}") from None
    new, more = _no_longer_empty(new, holder)
    verb = "would be added" if arguments.dry_run else "added"
    words = [f"{name} {verb} to the new group {arguments.group} in {holder.path}", *more]
    words += _warnings(new, holder.manifest.resource.name, edit.domain(arguments.domain))
    words += edit.shared(holder.path, arguments)
    return edit.finish([edit.Change(holder.path, holder.data, new)], words, arguments, console)


def _no_longer_empty(new: bytes, holder: Holder) -> tuple[bytes, list[str]]:
    """`new` without allow-empty, which stands for a list without names, and the words for it."""
    if ALLOW_EMPTY_ANNOTATION not in holder.manifest.resource.annotations:
        return new, []
    current = listfile.again(holder.manifest, holder.data, new)
    try:
        return annotated.without_allow_empty(new, current), [f"{ALLOW_EMPTY_ANNOTATION} removed: the list has a name"]
    except listfile.Uneditable as fault:
        return new, [f"{holder.path}: {fault}"]


def _warnings(new: bytes, name: str, domains: tuple[Domain, ...]) -> list[str]:
    """What a build would warn of for `domains` in the ConfigMap `name`."""
    sources = [one.resource for one in manifests.read(new) if one.resource.name == name]
    _, findings = allowlist.read(sources)
    return [str(one) for one in findings if one.severity == WARNING and one.value in domains]


def _holder(found: View, arguments: Namespace) -> Holder:
    """The group to add to: the outermost one that counts."""
    group = arguments.group
    holders = [one.holder for one in found.listings if one.holder is not None and one.group == group]
    if arguments.configmap:
        holders = [one for one in holders if one.manifest.resource.name == arguments.configmap]
    if not holders:
        raise edit.unknown_group(found, arguments)
    same = {(str(one.path), one.manifest.resource.name) for one in holders}
    if len(same) > 1:
        names = ", ".join(f"{name} ({path})" for path, name in sorted(same))
        raise Failure(
            f'{arguments.file}: several lists have the group "{group}"; name one with --configmap, or give its file '
            f"in place of the directory: {names}"
        )
    return holders[0]
