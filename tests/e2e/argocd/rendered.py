"""What `kustomize build` makes of a stock Argo CD and components of deploy/argocd, with directories for its mounts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml
from argocd.application import NAMESPACE
from distribution import artifact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[3]
STOCK = Path(__file__).with_name("stock.yaml")


class Rendered:
    """The objects of one installation, and in a directory what its repo-server's pod finds where they mount it."""

    def __init__(self, ways: Sequence[str], components: Mapping[str, Path], directory: Path) -> None:
        self._components = components
        self._directory = directory
        self.objects = self._build(ways)
        # In a pod these are mounts; here their places are directories of this run.
        self.mounts = {
            "/egress-overlays": directory / "egress-overlays",
            "/home/argocd/cmp-server/plugins": directory / "plugins",
            "/home/argocd/cmp-server/config": directory / "plugin-config",
            "/usr/local/bin": directory / "bin",
        }
        for place in self.mounts.values():
            place.mkdir(exist_ok=True)
        for name in ("argocd", "kustomize", "git-verify-wrapper"):
            (self.mounts["/usr/local/bin"] / components[name].name).symlink_to(components[name])
        self.run_init_container()
        if "plugin" in ways:
            self.plugin_file.write_text(self.plugin)

    def _build(self, ways: Sequence[str]) -> list[dict[str, Any]]:
        """The stock installation with our components, as an administrator's kustomization would have it."""
        here = self._directory / "installation"
        here.mkdir()
        shutil.copy(STOCK, here)
        components = [os.path.relpath(ROOT / "deploy/argocd" / way, here.resolve()) for way in ways]
        kustomization = {"namespace": NAMESPACE, "resources": [STOCK.name], "components": components}
        (here / "kustomization.yaml").write_text(json.dumps(kustomization))
        command: list[str | Path] = [self._components["kustomize"], "build", here]
        built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [item for item in yaml.safe_load_all(built) if item]

    def object(self, kind: str, name: str) -> dict[str, Any]:
        """The one object of this kind whose name begins so: Kustomize appends to some."""
        (found,) = [item for item in self.objects if item["kind"] == kind and item["metadata"]["name"].startswith(name)]
        return found

    @property
    def plugin(self) -> str:
        """The plugin.yaml that the sidecar mounts."""
        text: str = self.object("ConfigMap", "egress-overlays-plugin")["data"]["plugin.yaml"]
        return text

    @property
    def plugin_file(self) -> Path:
        """Where it mounts it."""
        return self.mounts["/home/argocd/cmp-server/config"] / "plugin.yaml"

    @property
    def _pod(self) -> dict[str, Any]:
        pod: dict[str, Any] = self.object("Deployment", "argocd-repo-server")["spec"]["template"]["spec"]
        return pod

    def container(self, name: str) -> dict[str, str]:
        """The environment of a container in the rendered Deployment, its mounts mapped to this run's directories."""
        (container,) = [one for one in self._pod["containers"] if one["name"] == name]
        return {one["name"]: self._mapped(one["value"]) for one in container.get("env", []) if "value" in one}

    def _mapped(self, value: str) -> str:
        for mount, place in self.mounts.items():
            value = ":".join(str(place) if part == mount else part for part in value.split(":"))
        return value

    def run_init_container(self) -> None:
        """What the Deployment's init container does, from the archive that its image is made of."""
        (init,) = self._pod["initContainers"]
        assert init["command"] == ["/egress-overlays/egress-overlays", "install", "--to", "/volume"]
        image = self._directory / "image"
        if not image.exists():
            with tarfile.open(artifact()) as archive:
                archive.extractall(image, filter="data")
        (unpacked,) = image.iterdir()
        volume = self.mounts["/egress-overlays"]
        subprocess.run([unpacked / "egress-overlays", "install", "--to", volume], check=True, capture_output=True)

    def lose_artifact(self) -> None:
        """An init container that brought nothing."""
        shutil.rmtree(self.mounts["/egress-overlays"])
        self.mounts["/egress-overlays"].mkdir()
