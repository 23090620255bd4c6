"""Argo CD without containers: its parts as processes, set up as deploy/argocd renders them."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import TYPE_CHECKING, Any

from mesh.cluster import Refused
from mesh.internet import wait_for_port
from mesh.processes import Daemon, eventually

import quick_yaml as yaml
from argocd.application import NAMESPACE, Application
from argocd.rendered import ROOT, Rendered
from builds import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mesh.cluster import Cluster

FLAGS = "--enable-alpha-plugins --enable-exec"
POD_TMP = "/tmp"  # noqa: S108 -- of a mount namespace that nobody else is in
REDIS, REPO_SERVER, CONTROLLER, COMMIT_SERVER = 6380, 8081, 8082, 8086


class ArgoCD:
    """One installation, patched by one of deploy/argocd's components (`repo-server` or `plugin`) and `further` ones."""

    def __init__(
        self, way: str, components: Mapping[str, Path], cluster: Cluster, directory: Path, logs: Path, *further: str
    ) -> None:
        self.way = way
        self.cluster = cluster
        self._components = components
        self._directory = directory
        directory.mkdir()
        self.rendered = Rendered((way, *further), components, directory)
        argocd = [components["argocd"]]
        parameters = self.rendered.object("ConfigMap", "argocd-cmd-params-cm").get("data", {})
        parts: dict[str, tuple[list[str | Path], dict[str, str]]] = {
            "redis": ([components["redis-server"], "--port", str(REDIS), "--save", "", "--dir", directory], {}),
            "repo-server": (
                [*argocd, "--disable-tls", "--client-ca-path", "", "--redis", f"127.0.0.1:{REDIS}"],
                self.rendered.container("argocd-repo-server"),
            ),
            "application-controller": (
                [
                    *argocd,
                    *("--repo-server", f"127.0.0.1:{REPO_SERVER}", "--repo-server-plaintext"),
                    *("--commit-server", f"127.0.0.1:{COMMIT_SERVER}"),
                    *("--redis", f"127.0.0.1:{REDIS}", "--namespace", NAMESPACE),
                    # The tests ask for each refresh; nothing else is to come between.
                    *("--app-resync", "3600"),
                ],
                # The stock StatefulSet takes it from there.
                {"ARGOCD_HYDRATOR_ENABLED": parameters.get("hydrator.enabled", "false")},
            ),
        }
        if way == "plugin":
            parts["cmp-server"] = (
                [*argocd, "--config-dir-path", self.rendered.plugin_file.parent],
                self.rendered.container("egress-overlays"),
            )
        if "hydrator" in further:
            parts["commit-server"] = self._commit_server()
        self.daemons = {
            name: Daemon(
                f"argocd-{name}",
                argv,
                log=logs / f"{directory.name}-{name}.log",
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
    def volume(self) -> Path:
        """Where the function is installed."""
        return self.rendered.mounts["/egress-overlays"]

    def _commit_server(self) -> tuple[list[str | Path], dict[str, str]]:
        """With a /tmp of its own, as its pod has: the names it takes there are the same in every run."""
        own = self._directory / "commit-server-tmp"
        (own / "tls").mkdir(parents=True)
        (own / "argocd").touch()
        shell = f'mount --bind "$1" "$0/argocd" && mount --rbind "$0" {POD_TMP} && exec {POD_TMP}/argocd'
        environ = {
            "ARGOCD_TLS_DATA_PATH": f"{POD_TMP}/tls",
            "HOME": POD_TMP,
            "TMPDIR": POD_TMP,
            # What asks git's questions is found by its name.
            "PATH": f"{POD_TMP}:{os.environ['PATH']}",
        }
        return ["unshare", "--mount", "sh", "-c", shell, own, self._components["argocd"]], environ

    def _environment(self, part: str) -> dict[str, str]:
        private = self._directory / part
        for name in ("tmp", "tls", "ssh", "gpg", "gnupg"):
            (private / name).mkdir(parents=True)
        (private / "gnupg").chmod(0o700)
        return {
            "ARGOCD_BINARY_NAME": f"argocd-{part}",
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_PLUGINSOCKFILEPATH": str(self.rendered.mounts["/home/argocd/cmp-server/plugins"]),
            "ARGOCD_CMP_WORKDIR": str(private / "tmp"),
            "ARGOCD_TLS_DATA_PATH": str(private / "tls"),
            "ARGOCD_SSH_DATA_PATH": str(private / "ssh"),
            "ARGOCD_GPG_DATA_PATH": str(private / "gpg"),
            "ARGOCD_GNUPGHOME": str(private / "gnupg"),
            "ARGOCD_GPG_ENABLED": "false",
            # Else one in /tmp, which a second run on this machine would take over.
            "ARGOCD_ASK_PASS_SOCK": str(private / "ask-pass.sock"),
            "KUBECONFIG": str(self.cluster.kubeconfig_of(OWNER)),
            # The image's own, for parts whose PATH our component does not set, as the repo-server of the way "plugin":
            # without git-verify-wrapper.sh it says "permission denied" of every commit, and why in its log alone.
            "PATH": f"{self.rendered.mounts['/usr/local/bin']}:{os.environ['PATH']}",
            "TMPDIR": str(private / "tmp"),
            "HOME": str(private),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONPATH": "",
        }

    def trust(self, server: str, root: Path) -> None:
        """Puts a git server's authority where argocd-tls-certs-cm is mounted."""
        for place in self._directory.glob("*/tls"):
            (place / server).write_text(root.read_text())

    def start(self) -> None:
        """Starts every part, the application-controller last."""
        self.cluster.namespace(NAMESPACE)
        self.cluster.kubectl("apply", "--server-side", "-k", str(self._components["argocd-crds"]))
        eventually(self._stored, within=60, what="Argo CD's kinds are served")
        self.daemons["redis"].start(lambda: wait_for_port("127.0.0.1", REDIS))
        if "cmp-server" in self.daemons:
            self._start_plugin(self.daemons["cmp-server"])
        if "commit-server" in self.daemons:
            self._start_commit_server()
        self.daemons["repo-server"].start(lambda: wait_for_port("127.0.0.1", REPO_SERVER))
        self.daemons["application-controller"].start(lambda: wait_for_port("127.0.0.1", CONTROLLER))

    def _start_commit_server(self) -> None:
        self.daemons["commit-server"].start(lambda: wait_for_port("127.0.0.1", COMMIT_SERVER))

    def _stored(self) -> bool:
        try:
            self.cluster.apply(
                yaml.safe_dump_all(item for item in self.rendered.objects if item["kind"] != "Deployment")
            )
        except Refused as early:
            raise AssertionError(str(early)) from None
        return True

    def stop(self) -> None:
        """Ends everything, and forgets its applications but not what they applied."""
        for daemon in reversed(self.daemons.values()):
            daemon.stop()
        self.cluster.kubectl("delete", "applications", "--all", f"--namespace={NAMESPACE}", "--ignore-not-found")

    @contextlib.contextmanager
    def without_commit_server(self) -> Iterator[None]:
        """Its Deployment gone, or at no replicas."""
        self.daemons["commit-server"].stop()
        try:
            yield
        finally:
            self._start_commit_server()

    @contextlib.contextmanager
    def without_artifact(self) -> Iterator[None]:
        """An init container that brought nothing."""
        self.rendered.lose_artifact()
        try:
            yield
        finally:
            self.rendered.run_init_container()

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
        # The sidecar has one of the two alone.
        own = "kustomize build --enable-alpha-plugins "
        assert own in self.rendered.plugin
        wanted = f"kustomize build {flags} " if flags != FLAGS else own
        self.rendered.plugin_file.write_text(self.rendered.plugin.replace(own, wanted))
        self._start_plugin(daemon)

    def _start_plugin(self, daemon: Daemon) -> None:
        sockets = self.rendered.mounts["/home/argocd/cmp-server/plugins"]
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
        source = manifest["spec"]["source"]
        source.update(repoURL=f"file://{repository}", path=path)
        source.pop("plugin", None)
        if plugin:
            source["plugin"] = {"name": "egress-overlays", **plugin}
        with self.applied(manifest) as application:
            yield application

    @contextlib.contextmanager
    def applied(self, manifest: dict[str, Any]) -> Iterator[Application]:
        """The Application of a manifest; deleted afterwards."""
        # The default leaves the deletion to the garbage collector, and none runs here.
        manifest["spec"]["syncPolicy"]["syncOptions"].append("PrunePropagationPolicy=background")
        self.cluster.apply(json.dumps(manifest))
        application = Application(manifest["metadata"]["name"], self.cluster)
        try:
            yield application
        finally:
            application.delete()
