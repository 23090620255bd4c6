"""Make a new overlay, or the whole tree where there is none: it builds at once, and opens nothing yet.

Below a tree with base/ and plugin/, DIR becomes an overlay of it. Anywhere else DIR gets the bases,
components/, the parts of plugin/ that run the egress-overlays on PATH, and overlays/, one for each environment. No file
is overwritten, and nothing is laid between files of somebody else: where DIR has a base/ already, name a directory of
its own.

--argocd, --flux and --ci add what deploys and reviews the overlays, with the repository's URL, branch and paths filled
in; what GitHub or GitLab run stands at the root of the repository. They add to a tree that is there, too: what it has
already stays as it is.

--base says which way out an overlay takes: base, the gateway; base-direct, the same lists without one
(`egress-overlays docs direct`); base-ambient, at a waypoint (`egress-overlays docs ambient`); deploy/envoy-gateway, at
Envoy Gateway, without Istio (`egress-overlays docs envoy-gateway`). Each overlay of a tree may take another.

--list makes DIR, below a tree, a list of its own, which overlays name under components:, and --clients a list for some
workloads alone, as of a team.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from ..editing import releases, scaffold
from ..lists.clients import InvalidClient, parse
from ..manifest.quantities import many
from . import deploying, inputs
from .console import Failure
from .formats.data import structured

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from .console import Console

EXAMPLE = "egress-overlays init overlays/qa"
_LIMITED = "components/client-lists"
_NEEDS = {
    scaffold.GATEWAY: "where the mesh's outboundTrafficPolicy is ALLOW_ANY, Istio's default, sidecars still reach "
    "names of no list directly: components/restrict-direct-egress closes that (`egress-overlays docs adopting`)",
    scaffold.DIRECT: "nobody checks the addresses that names resolve to, and Istio must be 1.30 or newer: `verify` "
    "warns of it until you accept that with a reason (`egress-overlays docs direct`)",
    scaffold.AMBIENT: "istiod needs ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS, Istio must be 1.29 or newer, and "
    "some of it is the NetworkPolicy's to hold: `verify` warns until you accept that (`egress-overlays docs ambient`)",
    scaffold.ENVOY_GATEWAY: "Envoy Gateway needs enableBackend and enableEnvoyPatchPolicy, and nobody asks there "
    "who the client is: `verify` warns until you accept that with a reason (`egress-overlays docs envoy-gateway`)",
}
"""What is said of each way out."""


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("directory", metavar="DIR", help="a directory; it may exist, if nothing in it is in the way")
    parser.add_argument(
        "--overlays",
        metavar="A,B",
        help=f"the environments of a new tree (default: {','.join(scaffold.ENVIRONMENTS)})",
    )
    parser.add_argument(
        "--base",
        choices=scaffold.BASES,
        help="the way out of new overlays: by the gateway (default), directly, by a waypoint, or by Envoy Gateway",
    )
    parser.add_argument("--list", action="store_true", help="make a list that overlays share, and no overlay")
    parser.add_argument(
        "--clients",
        metavar="A,B",
        help="make a list for these alone: namespaces, or namespace/serviceaccount",
    )
    deploying.configure(parser)
    parser.add_argument("--dry-run", action="store_true", help="print the files and write nothing")
    inputs.add_output(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Write the files; 0."""
    directory = Path(arguments.directory)
    tree = scaffold.tree_of(directory)
    is_there = scaffold.is_tree(directory)
    environments = _environments(arguments.overlays)
    _check_use(arguments, directory, tree, is_there=is_there)
    files = {} if is_there else _files(arguments, directory, tree, environments)
    laid = deploying.files(arguments, directory, None if is_there else environments)
    if tree and not _is_list(arguments):
        laid.left.extend(deploying.adding(tree, directory.resolve()))
    kept = {path: content for path, content in laid.files.items() if is_there and path.is_file()}
    files |= {path: content for path, content in laid.files.items() if path not in kept}
    _check_free(directory, files, is_whole=tree is None and not is_there)
    try:
        if not arguments.dry_run:
            _lay_down(directory, files)
    except OSError as fault:
        raise Failure(f"{fault.filename or directory}: {fault.strerror}; nothing was written") from None
    names = [str(path) for path in files]
    if arguments.output != "text":
        said = {"directory": str(directory), "files": names, "left": laid.left, "choices": laid.choices}
        console.write(structured(said, arguments.output))
        return 0
    is_long = tree is None and not is_there and not arguments.dry_run
    console.write("\n".join(_by_part(directory, files) if is_long else names))
    _say_kept(kept, console)
    if arguments.dry_run:
        console.say(f"egress-overlays: {many(len(names), 'file')}; nothing was written (--dry-run)")
        return 0
    if _is_list(arguments):
        _say_where_to_list(directory, tree or directory, console, limited=arguments.clients is not None)
    elif not is_there:
        first = directory if tree else directory / "overlays" / environments[0]
        _say_next(
            first,
            console,
            base=arguments.base,
            on_path=scaffold.runs_installed(files[first / "kustomization.yaml"], tree),
        )
    if tree and scaffold.is_of_earlier_version(tree):
        console.say(
            f"\n{tree} is a tree of an earlier version: a list that comes after components/inject is lost there; "
            f"`egress-overlays upgrade {tree}`, then list plugin/inject under transformers: in its place"
        )
    _say_left(laid, console)
    return 0


def _files(
    arguments: Namespace, directory: Path, tree: Path | None, environments: tuple[str, ...]
) -> dict[Path, bytes]:
    """A list or an overlay below `tree`, or a whole tree where that is None."""
    if tree is None:
        laid = scaffold.whole_tree(directory, environments, arguments.base or scaffold.GATEWAY)
        return {**laid, directory / releases.NOTE: releases.note()}
    if _is_list(arguments):
        return _list(directory, arguments.clients)
    return scaffold.overlay(directory, tree, arguments.base or scaffold.GATEWAY)


def _is_list(arguments: Namespace) -> bool:
    return bool(arguments.list or arguments.clients is not None)


def _say_kept(kept: dict[Path, bytes], console: Console) -> None:
    """Say what was there already, and which of it is not as it would be written."""
    if kept:
        other = [str(path) for path, content in kept.items() if path.read_bytes() != content]
        differ = f"; not as they would be written: {', '.join(other)}" if other else ""
        console.say(f"egress-overlays: {many(len(kept), 'file is', 'files are')} there already and left alone{differ}")


def _say_left(laid: deploying.Laid, console: Console) -> None:
    """Say what is left to do, in that order, and what could be chosen in place of it."""
    if laid.left:
        steps = [f"{number}. {step}" for number, step in enumerate(laid.left, 1)]
        console.say("\n  ".join(["\nleft for you:", *(steps if len(steps) > 1 else laid.left)]))
    if laid.choices:
        console.say("\n  ".join(["\nother ways (`egress-overlays docs gitops`):", *laid.choices]))


def _by_part(directory: Path, files: Iterable[Path]) -> list[str]:
    """The files of a new tree: those that are for reading one by one, and how many there are in each shipped part."""
    counts: dict[str, int] = {}
    for path in files:
        below = path.relative_to(directory).parts if path.is_relative_to(directory) else ()
        parts = (*scaffold.BASES, "components", "plugin")
        part = next((one for one in parts if "/".join(below).startswith(f"{one}/")), None)
        shown = f"{directory / part}/" if part else str(path)
        counts[shown] = counts.get(shown, 0) + 1
    return [f"{shown}  {many(count, 'file')}" if shown.endswith("/") else shown for shown, count in counts.items()]


def _list(directory: Path, clients: str | None) -> dict[Path, bytes]:
    """The files of a list in `directory`; raises Failure for what no list can be called, and who can be no client."""
    name = directory.resolve().name
    if name.strip(deploying.NAME.replace("_", "")) or not name[0].isalnum() or not name[-1].isalnum():
        raise Failure(f'"{name}": its ConfigMap takes the name; write a-z, 0-9, "-" and ".", as in teams/payments')
    written = [part.strip() for part in clients.split(",")] if clients is not None else []
    for one in written:
        try:
            parse(one)
        except InvalidClient as fault:
            raise Failure(f"--clients {fault}") from None
    return scaffold.component(directory, name, written)


def _say_where_to_list(directory: Path, tree: Path, console: Console, *, limited: bool) -> None:
    """Say what makes an overlay take the list in `directory`."""
    overlay = Path(os.path.relpath(tree)) / "overlays/NAME"
    listed = [os.path.relpath(directory.resolve(), tree / "overlays/NAME"), *([f"../../{_LIMITED}"] if limited else [])]
    console.say("\nit opens nothing yet. Next:")
    console.say(
        f"  egress-overlays add api.example.com --group {directory.resolve().name} {directory / 'domains.yaml'}"
    )
    console.say(f"  in {overlay / 'kustomization.yaml'}: components: [{', '.join(listed)}]")


def _check_use(arguments: Namespace, directory: Path, tree: Path | None, *, is_there: bool) -> None:
    """Raise Failure where an option does not go with what `directory` is."""
    deployed = deploying.is_wanted(arguments)
    if _is_list(arguments):
        if tree is None:
            raise Failure(f"--list and --clients make a list below a tree of `init`, and {directory} lies in none")
        if deployed or arguments.overlays or arguments.base:
            raise Failure("--list and --clients make a list, which goes with no other option")
    if tree and arguments.overlays:
        raise Failure(
            f"--overlays is for a new tree, and {directory} lies in the one of {tree}; init one overlay at a time"
        )
    if tree and deployed:
        raise Failure(f"--argocd, --flux and --ci are for a tree, and {directory} lies in the one of {tree}; name that")
    if tree and arguments.base and not (tree / arguments.base).is_dir():
        raise Failure(f"{tree} has no {arguments.base}/ yet; `egress-overlays upgrade {tree}` brings it")
    if is_there and (arguments.overlays or arguments.base or not deployed):
        raise Failure(
            f"{directory} is a tree of ours already; `egress-overlays init {directory / 'overlays/NAME'}` adds an "
            f"overlay to it, and `egress-overlays upgrade {directory}` brings it to this version"
        )


def _say_next(first: Path, console: Console, *, base: str | None, on_path: bool) -> None:
    """Say what to do with the overlay `first`."""
    console.say("\nit opens nothing yet. Next:")
    console.say(f"  egress-overlays add api.example.com --group partners {first / 'domains.yaml'}")
    console.say(f"  kustomize build --enable-alpha-plugins --enable-exec {first}")
    console.say(f"\n{_NEEDS[base or scaffold.GATEWAY]}")
    if on_path and not shutil.which("egress-overlays"):
        here = Path(sys.argv[0]).resolve().parent
        console.say(
            "\nkustomize will look for egress-overlays on PATH, where it is not; uv tool and pipx put it there, and so "
            f"does: export PATH={shlex.quote(str(here))}:$PATH"
        )


def _environments(text: str | None) -> tuple[str, ...]:
    """The names of a new tree's overlays; raises Failure."""
    if text is None:
        return scaffold.ENVIRONMENTS
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in names:
        if not name or name.strip(deploying.NAME) or name[0] in "-.":
            raise Failure(
                f'--overlays "{text}": "{name}" is no name for an overlay; write names of a-z, 0-9, "-", "_" and ".", '
                "separated by commas, as in dev,staging,eu-west"
            )
    return names


def _check_free(directory: Path, files: dict[Path, bytes], *, is_whole: bool) -> None:
    """Raise Failure where something stands in the way."""
    if is_whole and (directory / "base").exists():
        raise Failure(
            f"{directory / 'base'} exists already, and is not ours; give the tree a directory of its own: "
            f"egress-overlays init {directory / 'egress'}"
        )
    for path in files:
        if path.exists() or path.is_symlink():
            raise Failure(f"{path} exists already; nothing was written")
        for above in path.parents:
            if above.exists() and not above.is_dir():
                raise Failure(f"{above} is no directory; nothing was written")
    for name in ("kustomization.yml", "Kustomization"):
        if directory / "kustomization.yaml" in files and (directory / name).exists():
            raise Failure(f"{directory / name} exists already; nothing was written")


def _lay_down(directory: Path, files: dict[Path, bytes]) -> None:
    """Write everything beside its place first, then move it there; what was moved goes again if a move fails."""
    existing = directory
    while not existing.exists():
        existing = existing.parent
    made = Path(mkdtemp(prefix=".egress-overlays-", dir=existing))
    moved: list[Path] = []
    created: list[Path] = []
    try:
        for number, content in enumerate(files.values()):
            (made / str(number)).write_bytes(content)
        for number, path in enumerate(files):
            missing = [above for above in path.parents if not above.exists()]
            for above in reversed(missing):
                above.mkdir()
                created.append(above)
            (made / str(number)).rename(path)
            moved.append(path)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        for above in reversed(created):
            above.rmdir()
        raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
