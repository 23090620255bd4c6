"""Make a new overlay, or the whole tree where there is none: it builds at once, and opens nothing yet.

Below a tree with base/ and plugin/, DIR becomes an overlay of it. Anywhere else DIR gets base/, components/, the parts
of plugin/ that run the egress-overlays on PATH, and overlays/, one for each environment. No file is overwritten, and
nothing is laid between files of somebody else: where DIR has a base/ already, name a directory of its own.

--argocd, --flux and --ci add what deploys and reviews the overlays, with the repository's URL, branch and paths filled
in; what GitHub or GitLab run stands at the root of the repository. They work for a tree that is there, too.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from ..editing import releases, scaffold
from ..manifest.quantities import many
from . import deploying, inputs
from .console import Failure
from .formats.data import structured

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .console import Console

EXAMPLE = "egress-overlays init overlays/qa"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("directory", metavar="DIR", help="a directory; it may exist, if nothing in it is in the way")
    parser.add_argument(
        "--overlays",
        metavar="A,B",
        help=f"the environments of a new tree (default: {','.join(scaffold.ENVIRONMENTS)})",
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
    files: dict[Path, bytes] = {}
    if tree:
        files = scaffold.overlay(directory, tree)
    elif not is_there:
        files = {**scaffold.whole_tree(directory, environments), directory / releases.NOTE: releases.note()}
    more, left = deploying.files(arguments, directory, None if is_there else environments)
    files |= more
    _check_free(directory, files, is_whole=tree is None and not is_there)
    try:
        if not arguments.dry_run:
            _lay_down(directory, files)
    except OSError as fault:
        raise Failure(f"{fault.filename or directory}: {fault.strerror}; nothing was written") from None
    names = [str(path) for path in files]
    if arguments.output != "text":
        console.write(structured({"directory": str(directory), "files": names, "left": left}, arguments.output))
        return 0
    console.write("\n".join(names))
    if arguments.dry_run:
        console.say(f"egress-overlays: {many(len(names), 'file')}; nothing was written (--dry-run)")
        return 0
    if not is_there:
        first = directory if tree else directory / "overlays" / environments[0]
        _say_next(first, console, on_path=scaffold.runs_installed(files[first / "kustomization.yaml"], tree))
    if tree and scaffold.is_of_earlier_version(tree):
        console.say(
            f"\n{tree} is a tree of an earlier version: a list that comes after components/inject is lost there; "
            f"`egress-overlays upgrade {tree}`, then list plugin/inject under transformers: in its place"
        )
    if left:
        console.say("\n  ".join(["\nleft for you:", *left]))
    return 0


def _check_use(arguments: Namespace, directory: Path, tree: Path | None, *, is_there: bool) -> None:
    """Raise Failure where an option does not go with what `directory` is."""
    deployed = deploying.is_wanted(arguments)
    if tree and arguments.overlays:
        raise Failure(
            f"--overlays is for a new tree, and {directory} lies in the one of {tree}; init one overlay at a time"
        )
    if tree and deployed:
        raise Failure(f"--argocd, --flux and --ci are for a tree, and {directory} lies in the one of {tree}; name that")
    if is_there and (arguments.overlays or not deployed):
        raise Failure(
            f"{directory} is a tree of ours already; `egress-overlays init {directory / 'overlays/NAME'}` adds an "
            f"overlay to it, and `egress-overlays upgrade {directory}` brings it to this version"
        )


def _say_next(first: Path, console: Console, *, on_path: bool) -> None:
    """Say what to do with the overlay `first`."""
    console.say("\nit opens nothing yet. Next:")
    console.say(f"  egress-overlays add api.example.com --group partners {first / 'domains.yaml'}")
    console.say(f"  kustomize build --enable-alpha-plugins --enable-exec {first}")
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
