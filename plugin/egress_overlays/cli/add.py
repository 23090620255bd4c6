"""Add a domain to a group of a domains ConfigMap, and leave everything else in the file as it is.

A group whose names are in order stays in order; any other gets the name at its end. Of several names all are added, or
none. A second run changes nothing. Given a directory, the file is edited that decides what it allows, also a text file
of a generator; a group that an outer layer removes or replaces is refused, and a file that other overlays use is named
as such. What breaks a rule of one's own (egress-policy.yaml beside FILE or above it, EgressPolicy) is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..editing import annotated, listfile
from ..editing.listfile import lines_of
from ..lists import allowlist, fields
from ..manifest.findings import WARNING
from ..manifest.resource import ALLOW_EMPTY_ANNOTATION, DEFAULTS
from ..names.domain import Domain
from ..rendered.loading import nothing
from . import edit, inputs
from .console import Failure
from .governing import Governance, new_in

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..editing.layers import Holder, View
    from .console import Console

EXAMPLE = "egress-overlays add api.example.com --group partners --comment 'orders, EX-17' overlays/prod/domains.yaml"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "domains",
        nargs="+",
        metavar="DOMAIN",
        help="a name, *.name for all below it, or .name for both; ! before it denies it",
    )
    parser.add_argument("--group", required=True, metavar="G", help="the group, a key under data")
    parser.add_argument("--new-group", action="store_true", help="make the group where it is not there yet")
    parser.add_argument("--owner", default="", metavar="NAME", help="whose it is: owner= of the comment")
    parser.add_argument("--ticket", default="", metavar="KEY", help="where it was asked for: ticket=")
    parser.add_argument("--until", default="", metavar="YYYY-MM-DD", help="the last day that it is listed: until=")
    parser.add_argument("--comment", default="", metavar="TEXT", help="who asked for it, and why")
    inputs.add_today(parser)
    edit.configure(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Edit the file: all of the names are added, or none."""
    names = [text.strip() for text in arguments.domains]
    for name in names:
        edit.domain(name)
    comment = _comment(arguments)
    found = edit.view(arguments)
    for name in names:
        _inside(name, found, arguments)
    is_new = arguments.new_group and not any(one.group == arguments.group for one in found.listings)
    start = _only_list(found, arguments) if is_new else _holder(found, arguments)
    holder, words = start, list[str]()
    try:
        for name in names:
            before = holder
            if is_new and arguments.group not in holder.manifest.resource.value["data"]:
                line = f"{name}  # {comment}" if comment else name
                holder = _told(holder, annotated.new_group(holder.data, holder.manifest, arguments.group, line))
            else:
                holder = _with(holder, name, comment)
            words += _words(name, before, holder, found, arguments)
        _keep_to_rules(start, holder, found, arguments, console)
        new, more = _no_longer_empty(holder) if holder is not start else (start.data, [])
    except listfile.Uneditable as fault:
        raise Failure(f"{start.path}: {fault}") from None
    changes = [edit.Change(start.path, start.data, new)] if new != start.data else []
    words += [*more, *(edit.shared(start.path, arguments) if changes else []), *([found.doubt] if found.doubt else [])]
    return edit.finish(changes, words, arguments, console)


def _inside(name: str, found: View, arguments: Namespace) -> None:
    """Raises Failure where `name` is to deny what no wildcard opens."""
    for domain in edit.domain(name):
        inner = Domain(domain.removeprefix("!"))
        if inner != domain and not any(
            one.covers(inner) and one != inner for _, line in edit.openers(found, inner) for one in line.domains
        ):
            raise Failure(
                f"{name}: no wildcard in {arguments.file} opens {inner}, so that there is nothing to deny; a name that "
                "is on no list is refused"
            )


def _keep_to_rules(before: Holder, after: Holder, view: View, arguments: Namespace, console: Console) -> None:
    """Raises Failure where what was added breaks rules of one's own that hold for FILE."""
    path = Path(arguments.file)
    found = view.found or nothing(arguments.file)
    governance = Governance(arguments.today, console.refuse)
    directory = str(path if path.is_dir() else path.parent)
    was, is_ = (
        governance.broken(directory, found, allowlist.read(sources)[0].values())
        for sources in (view.lists(before), view.after(before, after))
    )
    console.refuse([f"{one.finding.value} {one.words}; nothing was added" for one in new_in(is_, was)])


def _comment(arguments: Namespace) -> str:
    """The comment, its fields in front; raises Failure where it is none, or a field cannot be read."""
    given = [(key, getattr(arguments, key)) for key in DEFAULTS]
    written = " ".join([*(f"{key}={value}" for key, value in given if value), *filter(None, [arguments.comment])])
    if not written.isprintable():
        raise Failure("the comment must be one line of printable characters")
    for key, value in given:
        if len(value.split()) > 1:
            raise Failure(f'--{key} "{value}" holds a blank; write one word')
    _, bad = fields.read(written)
    for one in bad:
        raise Failure(f'"{one.word}" {one.reason}' + (f"; write {one.proposal}" if one.proposal else ""))
    return written


def _words(name: str, before: Holder, after: Holder, found: View, arguments: Namespace) -> list[str]:
    """What to say of `name`, which made `after` of `before`."""
    domains = edit.domain(name)
    if after is before:
        return [f"{name} stands in {before.group} already ({before.path})"]
    words = []
    for domain in domains:
        words += [
            f"{domain} is denied by {line.text} in {edit.place(listing, arguments)}, which wins: it opens nothing"
            for listing, line in edit.deniers(found, domain)
        ]
        for listing, line in edit.openers(found, domain) if not domain.startswith("!") else ():
            how = "covered by" if any(one != domain and one.is_wildcard for one in line.domains) else "listed as"
            words.append(f"{domain} is {how} {line.text} in {edit.place(listing, arguments)}, and so open already")
    _, findings = allowlist.read([after.manifest.resource])
    words += [str(one) for one in findings if one.severity == WARNING and one.value in domains]
    verb = "would be added" if arguments.dry_run else "added"
    kind = "the new group " if arguments.group not in before.manifest.resource.value["data"] else ""
    return [f"{name} {verb} to {kind}{after.group} in {after.path}", *words]


def _with(holder: Holder, name: str, comment: str) -> Holder:
    """`holder` with `name`; itself where a line for that stands there."""
    domains = edit.domain(name)
    if any(line.domains == domains for line in lines_of(holder.text)):
        return holder
    return _told(holder, listfile.add(holder.data, holder.manifest, holder.group, name, comment))


def _told(holder: Holder, new: bytes) -> Holder:
    """`holder` after its file says `new`."""
    return holder._replace(data=new, manifest=listfile.again(holder.manifest, holder.data, new))


def _only_list(found: View, arguments: Namespace) -> Holder:
    """The one list there is, for a group that is not there yet."""
    holders = {one.holder.manifest.resource.name: one.holder for one in found.listings if one.holder is not None}
    if arguments.configmap:
        holders = {name: one for name, one in holders.items() if name == arguments.configmap}
    if len(holders) != 1:
        names = ", ".join(sorted(holders)) or "none"
        raise Failure(f"{arguments.file}: --new-group needs one list with a group; name it with --configmap: {names}")
    (holder,) = holders.values()
    return holder._replace(group=arguments.group)


def _no_longer_empty(holder: Holder) -> tuple[bytes, list[str]]:
    """What the file is to say without allow-empty, which stands for a list without names, and the words for it."""
    if ALLOW_EMPTY_ANNOTATION not in holder.manifest.resource.annotations:
        return holder.data, []
    try:
        new = annotated.without_allow_empty(holder.data, holder.manifest)
    except listfile.Uneditable as fault:
        return holder.data, [f"{holder.path}: {fault}"]
    return new, [f"{ALLOW_EMPTY_ANNOTATION} removed: the list has a name"]


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
