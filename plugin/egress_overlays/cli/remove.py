"""Remove a domain from a domains ConfigMap, and leave everything else in the file as it is.

The line goes with its comment. A second run changes nothing. Given a directory, the name leaves every file that makes
it allowed there, shared ones too, which is said. So is what still opens the name, which is exit 1, and if nothing
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..editing import listfile
from ..editing.listfile import lines_of
from ..lists import Entry
from ..manifest.nearness import did_you_mean
from ..names.domain import Domain
from ..review.verification.lifetimes import EXPIRED, lifetime
from . import edit, inputs
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from ..editing.layers import Holder, Listing, View
    from ..editing.listfile import Line
    from .console import Console

EXAMPLE = "egress-overlays remove api.example.com overlays/prod/domains.yaml"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "domain",
        nargs="?",
        metavar="DOMAIN",
        help="a name as it is listed: name, *.name or .name; ! before what is denied",
    )
    parser.add_argument("--group", default="", metavar="G", help="of this group alone")
    parser.add_argument(
        "--prune-expired",
        action="store_true",
        help="remove every line whose last day, until=, is over, but those that deny; no DOMAIN then",
    )
    inputs.add_today(parser)
    edit.configure(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Edit the file."""
    if bool(arguments.domain) == arguments.prune_expired:
        raise Failure("write either a DOMAIN or --prune-expired, and the FILE after it")
    domains = () if arguments.prune_expired else edit.domain(arguments.domain)
    found = edit.view(arguments)
    if arguments.group and not any(one.group == arguments.group for one in found.listings):
        raise edit.unknown_group(found, arguments)
    chosen = [
        (one, line)
        for one in found.listings
        for line in _lines(one, arguments)
        if (_is_over(one, line, arguments) if arguments.prune_expired else line.domains == domains)
    ]
    changes: dict[Path, edit.Change] = {}
    nothing = (
        f"{arguments.domain} is not listed in {arguments.file}{_meant(found, arguments)}"
        if arguments.domain
        else f"no line was to end before {arguments.today} in {arguments.file}"
    )
    words = [] if chosen else [nothing]
    words += [_remove(one.holder, line, arguments, changes) for one, line in chosen if one.holder is not None]
    for path in changes:
        words += edit.shared(path, arguments)
    gone = {(id(one), line) for one, line in chosen}
    left = [one._replace(lines=[line for line in one.lines if (id(one), line) not in gone]) for one in found.listings]
    left_over = found._replace(listings=left)
    names = list(dict.fromkeys([*domains, *(name for _, line in chosen for name in line.domains)]))
    words += _still_open(left_over, names, arguments) if names else []
    words += [
        f"{arguments.domain} stands in {one.holder.group} of {one.holder.path}, which changes nothing here: {one.by}"
        for one in found.hidden
        if domains and any(line.domains == domains for line in lines_of(one.holder.text))
    ]
    if found.doubt:
        words.append(found.doubt)
    done = edit.finish(list(changes.values()), words, arguments, console)
    return done or int(any(edit.openers(left_over, name) for name in names))


def _meant(found: View, arguments: Namespace) -> str:
    """The line that DOMAIN may have been meant for."""
    listed = [one for one in found.listings if arguments.group in ("", one.group)]
    # A generator's literal may have the very name, where nothing can be edited.
    return did_you_mean(arguments.domain, {line.text for one in listed for line in one.lines} - {arguments.domain})


def _lines(listing: Listing, arguments: Namespace) -> list[Line]:
    """The lines of `listing` that can be edited, unless the options leave it out."""
    if arguments.group not in ("", listing.group) or listing.holder is None:
        return []
    if arguments.configmap not in ("", listing.holder.manifest.resource.name):
        return []
    return listing.lines


def _is_over(listing: Listing, line: Line, arguments: Namespace) -> bool:
    """Whether the last day of a line is over that opens a name: to remove one that denies would open something."""
    if listing.holder is None or not line.domains or line.denied:
        return False
    comment = listing.holder.text.split("\n")[line.number].partition("#")[2].strip()
    entry = Entry(line.domains[0], listing.holder.manifest.resource, listing.group, line.number + 1, comment)
    return lifetime(entry.fields.last_day, arguments.today) == EXPIRED


def _remove(holder: Holder, line: Line, arguments: Namespace, changes: dict[Path, edit.Change]) -> str:
    """Note down the change of one line in `changes`; the words for it."""
    before = changes.get(holder.path, edit.Change(holder.path, holder.data, holder.data))
    try:
        # Lines move with every edit, so each one starts from the file as it then is.
        current = listfile.again(holder.manifest, holder.data, before.new)
        new = listfile.remove(before.new, current, holder.group, line.domains)
    except listfile.Uneditable as fault:
        raise Failure(f"{holder.path}: {fault}") from None
    changes[holder.path] = before._replace(new=new)
    verb = "would be removed" if arguments.dry_run else "removed"
    return f"{arguments.domain or line.text} {verb} from {holder.group} in {holder.path}"


def _still_open(left: View, domains: Sequence[Domain], arguments: Namespace) -> list[str]:
    """What of `domains` is open through what is left, or that nothing is."""
    denials = [Domain(name[1:]) for name in domains if name[:1] == "!"]
    if denials:
        return [
            f"{name} is open again by {line.text} in {edit.place(listing, arguments)}"
            for name in denials
            for listing, line in edit.openers(left, name)
        ]
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
        if one != name and one[:1] != "!" and one.endswith(name[1:])
    ]
    words += [
        f"{line.text} in {edit.place(listing, arguments)} denies nothing then, which the build refuses; remove it too"
        for listing in left.listings
        for line in listing.lines
        if line.denied and not any(edit.openers(left, name) for name in line.denied)
    ]
    return words or [f"nothing else in {arguments.file} opens {' or '.join(domains)}"]
