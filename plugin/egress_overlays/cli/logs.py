"""What `learn` and `usage` share: the logs and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..names.domain import ascii_quoted
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator

    from ..logs.tally import Tally
    from ..logs.workloads import Pods
    from .console import Console

LOGS = """Logs are files, directories of them, or - for stdin; gzip and zstd are unpacked. Lines are Istio's default
text or JSON, those of our components, or of --format; as kubectl logs (--prefix, --timestamps), stern, container
runtimes, Loki, Elasticsearch and CloudWatch give them. Other lines may stand between."""


def configure(parser: ArgumentParser) -> None:
    """The arguments besides the logs."""
    parser.add_argument(
        "--pods", default="", metavar="FILE", help="`kubectl get pods -A -o json`: tells workloads by pod and address"
    )
    parser.add_argument("--namespace", default="", metavar="NAME", help="the namespace of pods whose line names none")
    parser.add_argument(
        "--format",
        default="",
        metavar="TEXT",
        help="the format string of your access log, as Envoy's configuration has it",
    )
    parser.add_argument("--no-progress", action="store_true", help="no progress bar on a terminal")


def read(paths: list[str], arguments: Namespace, console: Console, *, by_hour: bool = False) -> Tally:
    """The logs, counted; raises Failure."""
    from ..logs import formats, reading, sources
    from ..logs.tally import Tally

    try:
        form = formats.TextFormat(arguments.format) if arguments.format else None
    except formats.InvalidFormat as fault:
        raise Failure(f"--format {ascii_quoted(arguments.format)}: {fault}") from None
    tally = Tally(_pods(arguments), form, by_hour=by_hour)
    try:
        found = sources.found(paths)
        for tell in _progress(sum(one.size for one in found), arguments, console):
            reading.count(found, tally, console.stdin, tell)
    except sources.Unreadable as fault:
        raise Failure(str(fault)) from None
    return tally


def _pods(arguments: Namespace) -> Pods:
    from ..logs.workloads import InvalidPods, Pods

    pods = Pods(arguments.namespace)
    if arguments.pods:
        try:
            pods.add(Path(arguments.pods).read_bytes())
        except OSError as fault:
            raise Failure(f"--pods {arguments.pods}: cannot be read: {fault.strerror}") from None
        except InvalidPods as fault:
            raise Failure(f"--pods {arguments.pods}: {fault}") from None
    return pods


def _progress(size: int, arguments: Namespace, console: Console) -> Iterator[Callable[[int], None]]:
    """Once, what to tell of the bytes read: a bar on a terminal."""
    if arguments.no_progress or not console.err.isatty():
        yield lambda _read: None
        return
    from rich.console import Console as Terminal
    from rich.progress import Progress

    terminal = Terminal(file=console.err, no_color=not console.colour(console.err))
    with Progress(console=terminal, transient=True) as bar:
        task = bar.add_task("reading", total=size or None)
        yield lambda read: bar.advance(task, read)


def is_list(path: str) -> bool:
    """Whether `path` is what a list is read from, and no log: YAML, or the directory of a kustomization."""
    place = Path(path)
    if place.is_dir():
        return any((place / name).is_file() for name in ("kustomization.yaml", "kustomization.yml", "Kustomization"))
    return place.suffix in (".yaml", ".yml")


def aside(reasons: dict[str, int], tally: Tally) -> Iterator[str]:
    """What is said of lines that name no candidate, the most common reason first."""
    from .formats.escaping import visible

    for why, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0])):
        examples = tally.examples.get(why, [])
        such = f", such as {', '.join(map(visible, map(ascii_quoted, examples)))}" if examples else ""
        yield f"{count:>9}  {why}{such}"
