"""Remove a domain from a domains ConfigMap, and leave everything else in the file as it is.

The line goes with its comment. A second run changes nothing. Given a directory, the name leaves every file that makes
it allowed there, shared ones too, which is said. So is what still opens the name, which is exit 1, and if nothing
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..editing import listfile
from ..editing.listfile import lines_of
from ..manifest.nearness import did_you_mean
from . import edit
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ..editing.layers import Holder, Listing, View
    from ..names.domain import Domain
    from .console import Console

EXAMPLE = "egress-overlays remove api.example.com overlays/prod/domains.yaml"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("domain", metavar="DOMAIN", help="a name as it is listed: name, *.name or .name")
    parser.add_argument("--group", default="", metavar="G", help="of this group alone")
    edit.configure(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Edit the file."""
    domains = edit.domain(arguments.domain)
    found = edit.view(arguments)
    if arguments.group and not any(one.group == arguments.group for one in found.listings):
        raise edit.unknown_group(found, arguments)
    chosen = [one for one in found.listings if one.holder is not None and _lists(one, domains, arguments)]
    changes: dict[Path, edit.Change] = {}
    words = [] if chosen else [f"{arguments.domain} is not listed in {arguments.file}{_meant(found, arguments)}"]
    words += [_remove(one.holder, domains, arguments, changes) for one in chosen if one.holder is not None]
    for path in changes:
        words += edit.shared(path, arguments)
    left = [
        one._replace(lines=[line for line in one.lines if line.domains != domains]) if one in chosen else one
        for one in found.listings
    ]
    left_over = found._replace(listings=left)
    words += _still_open(left_over, domains, arguments)
    words += [
        f"{arguments.domain} stands in {one.holder.group} of {one.holder.path}, which changes nothing here: {one.by}"
        for one in found.hidden
        if any(line.domains == domains for line in lines_of(one.holder.text))
    ]
    if found.doubt:
        words.append(found.doubt)
    done = edit.finish(list(changes.values()), words, arguments, console)
    return done or int(any(edit.openers(left_over, name) for name in domains))


def _meant(found: View, arguments: Namespace) -> str:
    """The line that DOMAIN may have been meant for."""
    listed = [one for one in found.listings if arguments.group in ("", one.group)]
    return did_you_mean(arguments.domain, {line.text for one in listed for line in one.lines})


def _lists(listing: Listing, domains: tuple[Domain, ...], arguments: Namespace) -> bool:
    """Whether `listing` has a line for exactly `domains`, and is not one that the options leave out."""
    if arguments.group not in ("", listing.group) or listing.holder is None:
        return False
    if arguments.configmap not in ("", listing.holder.manifest.resource.name):
        return False
    return any(line.domains == domains for line in listing.lines)


def _remove(holder: Holder, domains: tuple[Domain, ...], arguments: Namespace, changes: dict[Path, edit.Change]) -> str:
    """Note down the change of one group in `changes`; the words for it."""
    before = changes.get(holder.path, edit.Change(holder.path, holder.data, holder.data))
    try:
        # Lines move with every edit, so each one starts from the file as it then is.
        current = listfile.again(holder.manifest, holder.data, before.new)
        new = listfile.remove(before.new, current, holder.group, domains)
    except listfile.Uneditable as fault:
        raise Failure(f"{holder.path}: {fault}") from None
    changes[holder.path] = before._replace(new=new)
    verb = "would be removed" if arguments.dry_run else "removed"
    return f"{arguments.domain} {verb} from {holder.group} in {holder.path}"


def _still_open(left: View, domains: tuple[Domain, ...], arguments: Namespace) -> list[str]:
    """What of `domains` is open through what is left, or that nothing is."""
    words = [
        f"{name} is still open by {line.text} in {edit.place(listing, arguments)}"
        for name in domains
        for listing, line in edit.openers(left, name)
    ]
    below = [name for name in domains if name.is_wildcard]
    words += [
        f"{one} is still open by {line.text} in {edit.place(listing, arguments)}, below {name}"
        for name in below
        for listing in left.listings
        for line in listing.lines
        for one in line.domains
        if one != name and one.endswith(name[1:])
    ]
    return words or [f"nothing else in {arguments.file} opens {' or '.join(domains)}"]
