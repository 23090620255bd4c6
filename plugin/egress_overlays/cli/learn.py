"""Print domains ConfigMaps made from access logs: what was asked for, by whom, ready to build.

A name that was refused, never answered, or is risky is a comment: somebody decides. Wildcards are comments, too. What
is no candidate is counted on stderr. With PATH, a kustomization or YAML, what it allows already is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..manifest.quantities import many
from ..names.domain import Domain
from . import inputs, logs
from .console import Failure
from .formats.data import structured
from .formats.text import table
from .report import Column, Row

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from ..logs.learning import Candidate, Proposal
    from .console import Console

__doc__ = f"{__doc__}\n{logs.LOGS}\n"

EXAMPLE = "egress-overlays learn --namespace shop proxy.log overlays/prod"
_BY = ("namespace", "serviceaccount", "all")


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("logs", nargs="+", metavar="LOG", help="logs; the last may be PATH, what is allowed already")
    parser.add_argument(
        "--by", choices=_BY, default="namespace", help="a ConfigMap for each namespace, service account, or one for all"
    )
    parser.add_argument(
        "--wildcards",
        type=int,
        default=10,
        metavar="N",
        help="propose a wildcard from N names below one registered domain on (default: 10)",
    )
    inputs.add_set(parser)
    logs.configure(parser)
    inputs.add_output(parser, default="yaml")


def run(arguments: Namespace, console: Console) -> int:
    """Print the ConfigMaps; 1 where nothing could be learned."""
    from ..logs import learning
    from ..logs.listed import Listed

    if arguments.wildcards < 3:
        raise Failure(f"--wildcards {arguments.wildcards}: two names make no pattern; give 3 or more")
    inputs.check_set(arguments)
    *paths, last = arguments.logs
    path = last if paths and logs.is_list(last) else ""
    allows = Listed(inputs.read_lists(path, console)).allows if path else None
    tally = logs.read(paths if path else arguments.logs, arguments, console)
    proposals, aside = learning.learn(tally, arguments.by, arguments.wildcards, allows)
    _print(proposals, arguments, console)
    console.say(f"{many(tally.lines, 'line')}, {tally.window.first or 'no time'} to {tally.window.last or 'no time'}")
    for word in [*logs.aside(aside, tally), *_notes(proposals, [str(one) for one in tally.crowded])]:
        console.say(word)
    return int(not any(one.listed for one in proposals))


def _print(proposals: Sequence[Proposal], arguments: Namespace, console: Console) -> None:
    from ..logs import proposed

    if arguments.output == "yaml":
        console.write("---\n".join(proposed.config_map(one, arguments.set) for one in proposals))
    elif arguments.output == "json":
        values = [proposed.value(one, arguments.set) for one in proposals if one.listed]
        console.write(structured({"apiVersion": "v1", "kind": "List", "items": values}, "json"))
    else:
        rows = [
            Row((one.name, proposal.client or "every workload", str(one.seen.outcomes.total()), one.doubt))
            for proposal in proposals
            for names in proposal.groups.values()
            for one in names
        ]
        console.write("\n".join(table(tuple(map(Column, ("name", "client", "times", "not listed, since it"))), rows)))


def _candidates(proposals: Sequence[Proposal]) -> Iterator[Candidate]:
    for proposal in proposals:
        for names in proposal.groups.values():
            yield from names


def _notes(proposals: Sequence[Proposal], crowded: Sequence[str]) -> list[str]:
    notes = [f"{one} asked for more names than can be meant; look at what it does" for one in crowded]
    doubtful = sum(bool(one.doubt) for one in _candidates(proposals))
    if doubtful:
        notes.append(
            f"{many(doubtful, 'name is a comment', 'names are comments')}: take the # away from what is wanted"
        )
    if any(one.client and one.listed for one in proposals):
        notes.append("lists for clients need components/client-lists in the overlay; --by all makes one for everybody")
    if any(Domain(one.name).is_http and not one.doubt for one in _candidates(proposals)):
        notes.append("lines that begin with http:// need components/plain-http in the overlay")
    return notes
