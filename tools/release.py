#!/usr/bin/env python3
"""Lays out what a release consists of: tools/release.py DIST INTO [--no-image].

INTO gets the files of DIST (`make dist`), the images where a `docker` or `podman` builds them, a CycloneDX SBOM beside
the wheel (with its extras, as an index resolves them today) and beside the archive (what is in it), the notes cut from
CHANGELOG.md, and SHA256SUMS over all of it. Stdout says what a person has to do by hand. Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from release_sbom import of_archive, of_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
TARGETS = {"function": "egress-overlays", "argocd-plugin": "egress-overlays-argocd"}
SECONDS = 1200


def version() -> str:
    """The version, from its one place."""
    text = (ROOT / "plugin/egress_overlays/version.py").read_text(encoding="utf-8")
    return text.rpartition("VERSION = ")[2].strip().strip('"')


def section(changelog: str) -> tuple[str, str]:
    """The heading of the newest version, without its marks, and what stands below it."""
    found = re.search(r"^## (.+?)\n+(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found:
        raise SystemExit("release: CHANGELOG.md has no heading of a version: ## 1.2.3 (2026-01-31)")
    return found[1], found[2].strip() + "\n"


def images(into: Path, tag: str) -> str:
    """Build each target of deploy/container/Dockerfile into an archive; why not, or ""."""
    program = shutil.which("docker") or shutil.which("podman")
    if program is None:
        return "neither docker nor podman is on PATH"
    for target, name in TARGETS.items():
        image = f"{name}:{tag}"
        build = [program, "build", "-f", "deploy/container/Dockerfile", "--target", target, "-t", image, "."]
        save = [program, "save", "-o", str(into / f"{name}-{tag}.image.tar"), image]
        for command in (build, save):
            try:
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
            except subprocess.TimeoutExpired:
                return f"{' '.join(command)}: not done after {SECONDS} s"
            if done.returncode:
                said = done.stderr.strip().splitlines() or ["(nothing said)"]
                return f"{' '.join(command)}: exit {done.returncode}: {said[-1]}"
    return ""


def sums(directory: Path) -> str:
    """A line for each file, as sha256sum writes them."""
    files = sorted(path for path in directory.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def by_hand(tag: str, heading: str, no_image: str) -> list[str]:
    """What is left for a person, in the order in which it is done."""
    steps = []
    if git("status", "--porcelain"):
        steps.append("Commit or take away what git status shows, and run `make release` again: this was built from it.")
    if not re.fullmatch(rf"{re.escape(tag)} \(\d{{4}}-\d\d-\d\d\)", heading):
        steps.append(f'CHANGELOG.md: "## {heading}" becomes "## {tag} (YYYY-MM-DD)"; commit, `make release` again.')
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("urls", {})
    if not {"Source", "Repository"} & set(urls):
        steps.append("pyproject.toml: name your repository, [project.urls] Source = ...; nobody else can know it.")
    steps.append("Run `make test`, and `make e2e` where it can run; .ci/run does both.")
    if not git("tag", "--list", f"v{tag}"):
        steps.append(f"git tag --sign v{tag} -m 'egress-overlays {tag}' && git push origin v{tag}")
    steps += [
        "Sign SHA256SUMS with the key that your users know, or let your forge attest to the files.",
        "Upload the wheel and the sdist to your index: uv publish release/*.whl release/egress_overlays-*.tar.gz",
        f"Make a release of v{tag} on your forge: the text is release/NOTES.md, the files are all the others.",
    ]
    if no_image:
        steps.append(f"Images were not built ({no_image}): docs/install.md, Containers, has the commands.")
    steps += [
        f"Push the images to your registry, and name them by digest in deploy/: {', '.join(TARGETS.values())}.",
        "tools/release_tree.py keeps this version's tree for `upgrade`; then name the next version.",
    ]
    return steps


def git(*words: str) -> str:
    """What git prints; "" where this is no repository."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def main(argv: Sequence[str]) -> int:
    """Lay everything out, and print what is left."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("dist", type=Path)
    parser.add_argument("into", type=Path)
    parser.add_argument("--no-image", action="store_true", help="leave the images to somebody else")
    arguments = parser.parse_args(argv)
    into: Path = arguments.into
    tag = version()
    heading, notes = section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if heading.split()[0] != tag:
        raise SystemExit(f'release: version.py says {tag}, CHANGELOG.md begins with "## {heading}"; make them agree')
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for file in [*arguments.dist.glob("*.whl"), *arguments.dist.glob("*.tar.gz")]:
        shutil.copy2(file, into)
    (wheel,) = into.glob("*.whl")
    print("release: two SBOMs", file=sys.stderr)
    for archive in into.glob("egress-overlays-*-linux-*.tar.gz"):
        of_archive(archive, wheel, into / f"{archive.name.removesuffix('.tar.gz')}.cdx.json")
    of_wheel(wheel, into / f"{wheel.stem}.cdx.json")
    (into / "NOTES.md").write_text(f"# egress-overlays {tag}\n\n{notes}", encoding="utf-8")
    print("release: images", file=sys.stderr)
    no_image = "--no-image" if arguments.no_image else images(into, tag)
    (into / "SHA256SUMS").write_text(sums(into), encoding="utf-8")
    print((into / "SHA256SUMS").read_text(encoding="utf-8"))
    print("By hand, in this order (docs/releasing.md):")
    for number, step in enumerate(by_hand(tag, heading, no_image), 1):
        print(f"{number:2}. {step}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
