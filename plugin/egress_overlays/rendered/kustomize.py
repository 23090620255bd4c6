"""What the real `kustomize build` makes of a directory, with the domains ConfigMaps that it drops at the end.

A temporary kustomization around the directory asks for origins and takes the annotation off that hides the
ConfigMaps which the function used; nothing of Kustomize is done anew here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from ..manifest.resource import LOCAL_CONFIG_ANNOTATION, PREFIX
from .tree import KUSTOMIZATIONS

SAID = "egress-overlays: error: "
"""How a line of the function begins that refuses."""
USED_ANNOTATION = PREFIX + "used"
ORIGIN_ANNOTATION = "config.kubernetes.io/origin"
TRANSFORMATIONS_ANNOTATION = "alpha.config.kubernetes.io/transformations"

_CLONE = Path(__file__).parents[3]  # of an installed package it is a directory like any other

MINIMUM = (5, 1)
"""Older ones take components before generators, and 4.5.7 drops the lists of an inner layer: names would be missing."""

_WRAPPER = f"""\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
buildMetadata: [originAnnotations, transformerAnnotations]
patches:
# A mark that is there already is none of this build's.
- target:
    annotationSelector: {USED_ANNOTATION}
  patch: |-
    - op: remove
      path: /metadata/annotations/{USED_ANNOTATION.replace("/", "~1")}
- target:
    annotationSelector: {LOCAL_CONFIG_ANNOTATION}=true
  patch: |-
    - op: move
      from: /metadata/annotations/{LOCAL_CONFIG_ANNOTATION.replace("/", "~1")}
      path: /metadata/annotations/{USED_ANNOTATION.replace("/", "~1")}
resources:
"""

# A component that marks a generated ConfigMap, if it gets to see it: as of 5.1 it does.
_GENERATING = {
    KUSTOMIZATIONS[0]: "configMapGenerator: [{name: generated, literals: [a=b]}]\ncomponents: [marking]\n",
    f"marking/{KUSTOMIZATIONS[0]}": (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {seen: by-a-component}\n"
    ),
}


class Unbuildable(ValueError):  # noqa: N818 - says what is the matter with the directory
    """A directory that kustomize does not build: `reason` in one line, `said` all that was on stderr.

    `more` says how many faults of the function there are beside the one in `reason`.
    """

    def __init__(self, reason: str, said: str = "") -> None:
        super().__init__(reason)
        self.said = said
        further = len(_ours(said)) - 1
        self.more = f" (and {further} more: egress-overlays verify shows all)" if further > 0 else ""


def _of_make() -> str | None:
    """The kustomize that `make` built into the cache, where this runs from a clone (tools/fetch/component.py)."""
    pins = _CLONE / "tools/versions.env"
    if not pins.is_file():
        return None
    version = pins.read_text(encoding="utf-8").partition("KUSTOMIZE_VERSION=")[2].partition("\n")[0]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return shutil.which(cache / f"egress-overlays/components/kustomize-{version}/kustomize")


def _missing() -> str:
    """How to get one here."""
    if (_CLONE / "tools/versions.env").is_file():
        how = f"make -C {shlex.quote(str(_CLONE))} render builds one that is found"
    else:
        how = "install it (https://kubectl.docs.kubernetes.io/installation/kustomize/)"
    return f"kustomize is not on PATH; {how}, or give a rendered file instead of a directory"


def build(directories: list[Path], *arguments: str) -> tuple[bytes, Path]:
    """The objects that `directories` build to together, and the directory that origins in them are relative to.

    Domains ConfigMaps that the function used are among them, with USED_ANNOTATION. Raises Unbuildable.
    """
    program = shutil.which("kustomize") or _of_make()
    if program is None:
        raise Unbuildable(_missing())
    _check_version(program)
    with tempfile.TemporaryDirectory(prefix="egress-overlays-") as made:
        # Kustomize resolves links before it compares paths.
        wrapper = Path(made).resolve()
        paths = [os.path.relpath(directory.resolve(), wrapper) for directory in directories]
        text = _WRAPPER + "".join(f"- {_quoted(path)}\n" for path in paths)
        (wrapper / KUSTOMIZATIONS[0]).write_text(text, encoding="utf-8")
        command = [program, "build", "--enable-alpha-plugins", "--enable-exec", *arguments, str(wrapper)]
        done = subprocess.run(command, capture_output=True, env=_environment(), check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        raise Unbuildable(_reason(said, wrapper), said)
    return done.stdout, wrapper


@cache
def _check_version(program: str) -> None:
    """Raise Unbuildable for a kustomize that is too old, by what it says, or does where it was built from source."""
    done = subprocess.run([program, "version"], capture_output=True, text=True, check=False)
    found = re.search(r"v(\d+)\.(\d+)\.\d+", done.stdout)
    if (int(found[1]), int(found[2])) < MINIMUM if found else not _generates_first(program):
        wanted = ".".join(map(str, MINIMUM))
        unsaid = "a Kustomize that does not say which and that runs components first"
        what = f"Kustomize {found[0]}" if found else unsaid
        raise Unbuildable(
            f"{program} is {what}, and {wanted} or newer is needed: older ones leave lists out without a "
            "word; install a newer one, or give a rendered file instead of a directory"
        )


def _generates_first(program: str) -> bool:
    """Whether `program` generates ConfigMaps before it runs components; one that builds nothing is left to fail."""
    with tempfile.TemporaryDirectory(prefix="egress-overlays-") as made:
        for name, text in _GENERATING.items():
            file = Path(made).resolve() / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        done = subprocess.run([program, "build", made], capture_output=True, check=False)
    return done.returncode != 0 or b"by-a-component" in done.stdout


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def _environment() -> dict[str, str]:
    """This process's environment, in which the function finds this process's Python and its packages."""
    beside = os.path.dirname(sys.executable)  # noqa: PTH120 - resolving it would leave the virtual environment
    environment = dict(os.environ, PATH=os.pathsep.join(filter(None, [beside, os.environ.get("PATH", "")])))
    # A build lives for a moment: collecting its garbage at each doubling of a few MB takes a quarter of its time.
    environment.setdefault("GOGC", "400")
    plugins = Path(__file__).parents[2]
    if (plugins / "egress-overlays.dev").is_dir():
        environment.setdefault("KUSTOMIZE_PLUGIN_HOME", str(plugins))
    return environment


def _ours(said: str) -> list[str]:
    """The errors of the function in `said`, each once."""
    return list(dict.fromkeys(line for line in said.splitlines() if line.startswith(SAID)))


def _reason(said: str, wrapper: Path) -> str:
    """The one line of `said` to act on: the function's first fault, or what Kustomize says itself."""
    if ours := _ours(said):
        return ours[0].removeprefix(SAID)
    # Kustomize quotes what it was configured with as it is, over several lines.
    _, _, last = f"\n{said}".rpartition("\nError: ")
    reason = " ".join(last.split()).replace(f"{wrapper}/", "")
    for after in ("must resolve to a file': recursed accumulation of path ", "must resolve to a file': "):
        # The first step is the one from the wrapper, of which nobody knows.
        _, found, rest = reason.partition(after)
        if found:
            return rest
    return reason or "kustomize failed and said nothing"
