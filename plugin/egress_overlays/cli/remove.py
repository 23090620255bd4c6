"""Remove a domain from a domains ConfigMap, and leave everything else in the file as it is.

The line goes with its comment. A second run changes nothing. What still opens the name is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import listfile
from . import edit
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..domains import Domain
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
    found = edit.files(arguments)
    if arguments.group and not any(group == arguments.group for file in found for _, group in file.groups):
        known = sorted({group for file in found for _, group in file.groups})
        raise Failure(f'{arguments.file}: no group "{arguments.group}"; there are: {", ".join(known) or "none"}')
    for file in found:
        holders = [
            (manifest, group)
            for manifest, group, line in file.lines()
            if line.domains == domains and arguments.group in ("", group)
        ]
        if holders:
            break
    else:
        file = found[0]
        words = [f"{arguments.domain} is not listed in {arguments.file}", *_still_open(file, domains)]
        return edit.finish(file, file.data, words, arguments, console)
    new = file.data
    verb = "would be removed" if arguments.dry_run else "removed"
    words = []
    try:
        for manifest, group in dict.fromkeys(holders):
            # Lines move with every edit, so each one starts from the file as it then is.
            current = next(
                one
                for one, name in listfile.groups(new, arguments.configmap)
                if name == group and one.resource.name == manifest.resource.name
            )
            new = listfile.remove(new, current, group, domains)
            words.append(f"{arguments.domain} {verb} from {group} in {file.path}")
    except listfile.Uneditable as fault:
        raise Failure(f"{file.path}: {fault}") from None
    return edit.finish(file, new, [*words, *_still_open(file, domains)], arguments, console)


def _still_open(file: edit.File, domains: tuple[Domain, ...]) -> list[str]:
    """What else in the file opens one of `domains`."""
    return [
        f"{name} is still open by {line.text} in {group}"
        for name in domains
        for _, group, line in file.lines()
        if line.domains != domains and any(one == name or _covers(one, name) for one in line.domains)
    ]


def _covers(wildcard: Domain, name: Domain) -> bool:
    return wildcard.is_wildcard and wildcard != name and name.endswith(wildcard[1:])
