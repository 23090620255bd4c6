"""Real kustomize and kubectl, run on directories that tests write."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import quick_yaml as yaml

FLAGS = ("--enable-alpha-plugins", "--enable-exec")


class Build(NamedTuple):
    """What a build left: exit code, the text of both streams."""

    code: int
    text: str
    words: str

    @property
    def items(self) -> list[dict[str, Any]]:
        """The resources on stdout."""
        assert self.code == 0, self.words
        return list(yaml.safe_load_all(self.text))

    def entries(self) -> dict[str, list[str]]:
        """The hosts of every ServiceEntry, by name."""
        return {
            item["metadata"]["name"]: item["spec"]["hosts"] for item in self.items if item["kind"] == "ServiceEntry"
        }

    def fault(self) -> str:
        """The one reason of a build that failed the way it must: exit 1, empty stdout.

        Kustomize quotes what a plugin of the older protocol says; here it is as the plugin said it.
        """
        assert (self.code, self.text) == (1, ""), self
        return self.words.replace("\\\\", "\\").replace('\\"', '"')


class Tree:
    """A copy of the checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> None:
        """Write texts by path, relative to the root."""
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

    def kustomize(self, directory: str, *flags: str, environ: dict[str, str] | None = None) -> Build:
        """Run `kustomize build`, with both flags where none is given."""
        return self._run(["kustomize", "build", *(flags or FLAGS), str(self.root / directory)], environ)

    def kubectl(self, directory: str, *flags: str, environ: dict[str, str] | None = None) -> Build:
        """Run `kubectl kustomize`."""
        return self._run(["kubectl", "kustomize", *flags, str(self.root / directory)], environ)

    @property
    def plugin_home(self) -> dict[str, str]:
        """The environment of the older protocol."""
        return {"KUSTOMIZE_PLUGIN_HOME": str(self.root / "plugin")}

    def _run(self, argv: list[str], environ: dict[str, str] | None) -> Build:
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, cwd=self.root, env={**os.environ, **(environ or {})}
        )
        return Build(done.returncode, done.stdout, done.stderr)


def kustomization(kind: str = "Kustomization", /, **lists: list[str]) -> str:
    """A kustomization.yaml with these lists."""
    version = "v1alpha1" if kind == "Component" else "v1beta1"
    return yaml.safe_dump({"apiVersion": f"kustomize.config.k8s.io/{version}", "kind": kind, **lists}, sort_keys=False)
