"""Argo CD without containers: redis, repo-server, controller and cmp-server, set up as deploy/argocd renders them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from mesh.cluster import Refused
from mesh.internet import wait_for_port
from mesh.processes import Daemon, eventually

from argocd.application import NAMESPACE, Application
from distribution import artifact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mesh.cluster import Cluster

ROOT = Path(__file__).resolve().parents[3]
STOCK = Path(__file__).with_name("stock.yaml")
FLAGS = "--enable-alpha-plugins --enable-exec"
REDIS, REPO_SERVER = 6380, 8081


class ArgoCD:
    """One installation, patched by one of deploy/argocd's components (`repo-server` or `plugin`)."""

    def __init__(self, way: str, components: Mapping[str, Path], cluster: Cluster, directory: Path, logs: Path) -> None:
        self.way = way
        self.cluster = cluster
        self._components = components
        self._directory = directory
        directory.mkdir()
        self.objects = self._render()
        # In a pod these are mounts; here their places are directories of this run.
        self.volume = directory / "egress-overlays"
        self._mounts = {
            "/egress-overlays": self.volume,
            "/home/argocd/cmp-server/plugins": directory / "plugins",
            "/home/argocd/cmp-server/config": directory / "plugin-config",
            "/usr/local/bin": directory / "bin",
        }
        self._fill_mounts()
        parts: dict[str, tuple[list[str | Path], dict[str, str]]] = {
            "redis": ([components["redis-server"], "--port", str(REDIS), "--save", "", "--dir", directory], {}),
            "repo-server": (
                [*self._argocd, "--disable-tls", "--client-ca-path", "", "--redis", f"127.0.0.1:{REDIS}"],
                self._container("argocd-repo-server"),
            ),
            "application-controller": (
                [
                    *self._argocd,
                    *("--repo-server", f"127.0.0.1:{REPO_SERVER}", "--repo-server-plaintext"),
                    *("--redis", f"127.0.0.1:{REDIS}", "--namespace", NAMESPACE),
                    # The tests ask for each refresh; nothing else is to come between.
                    *("--app-resync", "3600"),
                ],
                {},
            ),
        }
        if way == "plugin":
            command = [*self._argocd, "--config-dir-path", self._mounts["/home/argocd/cmp-server/config"]]
            parts["cmp-server"] = (command, self._container("egress-overlays"))
        self.daemons = {
            name: Daemon(
                f"argocd-{name}",
                argv,
                log=logs / f"argocd-{way}-{name}.log",
                cwd=directory,
                env={**self._environment(name), **environ},
            )
            for name, (argv, environ) in parts.items()
        }

    @property
    def kustomize(self) -> Path:
        """The program."""
        return self._components["kustomize"]

    @property
    def _argocd(self) -> list[str | Path]:
        return [self._components["argocd"]]

    def _render(self) -> list[dict[str, Any]]:
        """The stock installation with our component, as an administrator's kustomization would have it."""
        here = self._directory / "installation"
        here.mkdir()
        shutil.copy(STOCK, here)
        component = os.path.relpath(ROOT / "deploy/argocd" / self.way, here.resolve())
        kustomization = {"namespace": NAMESPACE, "resources": [STOCK.name], "components": [component]}
        (here / "kustomization.yaml").write_text(json.dumps(kustomization))
        command: list[str | Path] = [self._components["kustomize"], "build", here]
        built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [item for item in yaml.safe_load_all(built) if item]

    def _object(self, kind: str, name: str) -> dict[str, Any]:
        (found,) = [item for item in self.objects if item["kind"] == kind and item["metadata"]["name"].startswith(name)]
        return found

    @property
    def _pod(self) -> dict[str, Any]:
        pod: dict[str, Any] = self._object("Deployment", "argocd-repo-server")["spec"]["template"]["spec"]
        return pod

    def _container(self, name: str) -> dict[str, str]:
        """The environment of a container in the rendered Deployment, its mounts mapped to this run's directories."""
        (container,) = [one for one in self._pod["containers"] if one["name"] == name]
        return {one["name"]: self._mapped(one["value"]) for one in container.get("env", []) if "value" in one}

    def _mapped(self, value: str) -> str:
        for mount, place in self._mounts.items():
            value = ":".join(str(place) if part == mount else part for part in value.split(":"))
        return value

    def _fill_mounts(self) -> None:
        for place in self._mounts.values():
            place.mkdir(exist_ok=True)
        for name in ("kustomize", "git-verify-wrapper"):
            (self._mounts["/usr/local/bin"] / self._components[name].name).symlink_to(self._components[name])
        self.run_init_container()
        if self.way == "plugin":
            config = self._mounts["/home/argocd/cmp-server/config"]
            (config / "plugin.yaml").write_text(
                self._object("ConfigMap", "egress-overlays-plugin")["data"]["plugin.yaml"]
            )

    def run_init_container(self) -> None:
        """What the Deployment's init container does, from the archive that its image is made of."""
        (init,) = self._pod["initContainers"]
        assert init["command"] == ["/egress-overlays/egress-overlays", "install", "--to", "/volume"]
        image = self._directory / "image"
        if not image.exists():
            with tarfile.open(artifact()) as archive:
                archive.extractall(image, filter="data")
        (unpacked,) = image.iterdir()
        subprocess.run([unpacked / "egress-overlays", "install", "--to", self.volume], check=True, capture_output=True)

    def lose_artifact(self) -> None:
        """An init container that brought nothing."""
        shutil.rmtree(self.volume)
        self.volume.mkdir()

    def _environment(self, part: str) -> dict[str, str]:
        private = self._directory / part
        for name in ("tmp", "tls", "ssh", "gpg", "gnupg"):
            (private / name).mkdir(parents=True)
        (private / "gnupg").chmod(0o700)
        return {
            "ARGOCD_BINARY_NAME": f"argocd-{part}",
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_PLUGINSOCKFILEPATH": str(self._mounts["/home/argocd/cmp-server/plugins"]),
            "ARGOCD_CMP_WORKDIR": str(private / "tmp"),
            "ARGOCD_TLS_DATA_PATH": str(private / "tls"),
            "ARGOCD_SSH_DATA_PATH": str(private / "ssh"),
            "ARGOCD_GPG_DATA_PATH": str(private / "gpg"),
            "ARGOCD_GNUPGHOME": str(private / "gnupg"),
            "ARGOCD_GPG_ENABLED": "false",
            "KUBECONFIG": str(self.cluster.kubeconfig),
            # The image's own, for parts whose PATH our component does not set, as the repo-server of the way "plugin":
            # without git-verify-wrapper.sh it says "permission denied" of every commit, and why in its log alone.
            "PATH": f"{self._mounts['/usr/local/bin']}:{os.environ['PATH']}",
            "TMPDIR": str(private / "tmp"),
            "HOME": str(private),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONPATH": "",
        }

    def start(self) -> None:
        """Starts every part, the application-controller last."""
        self.cluster.namespace(NAMESPACE)
        self.cluster.kubectl("apply", "--server-side", "-k", str(self._components["argocd-crds"]))
        eventually(self._stored, within=60, what="Argo CD's kinds are served")
        self.daemons["redis"].start(lambda: wait_for_port("127.0.0.1", REDIS))
        if "cmp-server" in self.daemons:
            self._start_plugin(self.daemons["cmp-server"])
        self.daemons["repo-server"].start(lambda: wait_for_port("127.0.0.1", REPO_SERVER))
        self.daemons["application-controller"].start(lambda: wait_for_port("127.0.0.1", 8082))

    def _stored(self) -> bool:
        try:
            self.cluster.apply(yaml.safe_dump_all(item for item in self.objects if item["kind"] != "Deployment"))
        except Refused as early:
            raise AssertionError(str(early)) from None
        return True

    def stop(self) -> None:
        """Ends everything, and forgets its applications but not what they applied."""
        for daemon in reversed(self.daemons.values()):
            daemon.stop()
        self.cluster.kubectl("delete", "applications", "--all", f"--namespace={NAMESPACE}", "--ignore-not-found")

    @contextlib.contextmanager
    def flags(self, flags: str) -> Iterator[None]:
        """Has kustomize started with these flags alone, as somebody would who edits argocd-cm or plugin.yaml."""
        self._set_flags(flags)
        try:
            yield
        finally:
            self._set_flags(FLAGS)

    def _set_flags(self, flags: str) -> None:
        if self.way == "repo-server":
            patch = json.dumps({"data": {"kustomize.buildOptions": flags}})
            words = ("patch", "configmap", "argocd-cm", f"--namespace={NAMESPACE}", "--type=merge", "-p", patch)
            self.cluster.kubectl(*words)
            return
        daemon = self.daemons["cmp-server"]
        daemon.stop()
        file = self._mounts["/home/argocd/cmp-server/config"] / "plugin.yaml"
        text = self._object("ConfigMap", "egress-overlays-plugin")["data"]["plugin.yaml"]
        assert FLAGS in text
        file.write_text(text.replace(FLAGS, flags))
        self._start_plugin(daemon)

    def _start_plugin(self, daemon: Daemon) -> None:
        sockets = self._mounts["/home/argocd/cmp-server/plugins"]
        for left in sockets.glob("*.sock"):
            left.unlink()

        def listening() -> bool:
            with socket.socket(socket.AF_UNIX) as client:
                for path in sockets.glob("*.sock"):
                    client.connect(str(path))
                    return True
            return False

        daemon.start(listening)

    @contextlib.contextmanager
    def application(self, name: str, repository: Path, path: str, **plugin: Any) -> Iterator[Application]:
        """The Application of deploy/argocd for this way, for another repository and path; deleted afterwards.

        `plugin` is what its source says of the plugin; without any Argo CD discovers it.
        """
        manifest = yaml.safe_load((ROOT / "deploy/argocd" / self.way / "application.yaml").read_text())
        manifest["metadata"]["name"] = name
        # The default leaves the deletion to the garbage collector, and none runs here.
        manifest["spec"]["syncPolicy"]["syncOptions"].append("PrunePropagationPolicy=background")
        source = manifest["spec"]["source"]
        source.update(repoURL=f"file://{repository}", path=path)
        source.pop("plugin", None)
        if plugin:
            source["plugin"] = {"name": "egress-overlays", **plugin}
        self.cluster.apply(json.dumps(manifest))
        application = Application(name, self.cluster)
        try:
            yield application
        finally:
            application.delete()
