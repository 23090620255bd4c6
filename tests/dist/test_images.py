"""The images of deploy/container/Dockerfile, built by the documented commands, run as users run them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import quick_yaml as yaml

import containers
from containers import READ_ONLY, empty_dir, pod, restricted
from distribution import artifact
from documents import ROOT, block
from egress_overlays import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTION, PLUGIN = f"egress-overlays:{__version__}", f"egress-overlays-argocd:{__version__}"
DEBIAN, ARGOCD = "docker.io/library/debian:13-slim", "quay.io/argoproj/argocd:v3.6.1"
# As kustomize calls it.
KUSTOMIZE = "run --rm -i -a STDIN -a STDOUT -a STDERR --network none --user nobody --security-opt=no-new-privileges"


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A user whose `docker` holds the two images, and who has the checkout's function on PATH."""
    directory = tmp_path_factory.mktemp("docker")
    environ = containers.images(directory)
    yield {**environ, "PATH": f"{ROOT / 'plugin'}:{environ['PATH']}"}
    shutil.rmtree(directory)


def docker(environ: dict[str, str], *arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    command = ["docker", *arguments]
    return subprocess.run(command, env=environ, input=given, capture_output=True, text=True, check=False)


def config(environ: dict[str, str], image: str) -> dict[str, Any]:
    done = docker(environ, "image", "inspect", image)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    inspected: dict[str, Any] = found["Config"]
    return inspected


def mine(tree: Path) -> Path:
    """The domains of the overlay whose kustomization is in the document."""
    (tree / "overlays/mine").mkdir()
    shutil.copy(tree / "overlays/inject-installed/domains.yaml", tree / "overlays/mine")
    return tree / "overlays/mine/domains.yaml"


def by_exec(environ: dict[str, str], tree: Path) -> subprocess.CompletedProcess[str]:
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", f"{tree}/overlays/inject-installed"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_nothing_of_the_images_runs_as_root_and_the_function_is_on_path(environ: dict[str, str]) -> None:
    function, plugin = config(environ, FUNCTION), config(environ, PLUGIN)
    assert (function["User"], function["Entrypoint"]) == ("65532", ["/egress-overlays/egress-overlays"])
    assert (plugin["User"], plugin["Entrypoint"]) == ("999", ["/var/run/argocd/argocd-cmp-server"])
    assert "PATH=/egress-overlays:/usr/local/bin:/usr/bin:/bin" in function["Env"]
    (sidecar,) = pod("plugin")["containers"]
    assert {f"{one['name']}={one['value']}" for one in sidecar["env"]} <= set(plugin["Env"])
    done = docker(environ, "run", "--rm", FUNCTION, "--version")
    assert done.stdout == f"egress-overlays {__version__}\n", done.stderr


def test_this_docker_shuts_a_container_in_as_it_is_told(environ: dict[str, str]) -> None:
    """So that what follows means what it says."""
    look = "id -nu; sed -n 's/NoNewPrivs:.//p' /proc/self/status; ls /sys/class/net; touch /tmp/x"
    done = docker(environ, *KUSTOMIZE.split(), DEBIAN, "sh", "-c", look)
    assert (done.stdout.split(), done.stderr) == (["nobody", "1", "lo"], "")
    done = docker(environ, "run", "--rm", *READ_ONLY, "--cap-drop=all", DEBIAN, "sh", "-c", "touch /tmp/x || chown 1 /")
    assert done.stderr.count("Read-only file system") == 2
    assert docker(environ, "run", "--rm", "docker.io/library/debian:12-slim").returncode


def test_the_function_s_image_has_no_shell_and_a_build_is_sent_two_files(
    environ: dict[str, str], tmp_path: Path
) -> None:
    for shell in ("sh", "/bin/sh", "/busybox/sh"):
        done = docker(environ, "run", "--rm", "--entrypoint", shell, FUNCTION, "-c", "true")
        assert "no such file or directory" in done.stderr.lower() or "not found" in done.stderr
    (tmp_path / "Dockerfile").write_text(f"FROM {DEBIAN}\nCOPY . /context\n")
    done = docker(environ, "build", "--quiet", "-f", tmp_path / "Dockerfile", "-t", "context", ROOT)
    assert done.returncode == 0, done.stderr
    seen = docker(environ, "run", "--rm", "context", "find", "/context", "-type", "f").stdout.splitlines()
    assert sorted(seen) == ["/context/deploy/argocd/plugin/plugin.yaml", f"/context/dist/{artifact().name}"]


def test_kustomize_builds_the_same_with_the_image(environ: dict[str, str], tree: Path) -> None:
    mine(tree)
    done = block("docs/install.md", "container").run(tree, environ)
    assert (done.returncode, done.stderr) == (0, "")
    rendered = (tree / "mine.yaml").read_text()
    assert "raw.githubusercontent.com" in rendered
    assert rendered == by_exec(environ, tree).stdout


def test_the_image_refuses_in_the_same_words(environ: dict[str, str], tree: Path) -> None:
    for domains in (mine(tree), tree / "overlays/inject-installed/domains.yaml"):
        domains.write_text(domains.read_text().replace("    ghcr.io\n", "    192.0.2.1\n    api.example.com:25\n"))
    done, expected = block("docs/install.md", "container").run(tree, environ), by_exec(environ, tree)
    assert (done.returncode, (tree / "mine.yaml").read_text()) == (1, "")
    faults = [line for line in done.stderr.splitlines() if line.startswith("egress-overlays: error: ")]
    assert len(faults) == 2
    assert faults == [line for line in expected.stderr.splitlines() if line.startswith("egress-overlays: error: ")]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("case", ["two-sets", "every-fault-at-once"])
def test_the_function_writes_nothing_in_its_container(case: str, environ: dict[str, str]) -> None:
    items = yaml.safe_load_all((ROOT / "tests/golden/cases" / case / "input.yaml").read_text())
    given = json.dumps({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": list(items)})
    run = ["docker", "run", "--rm", "-i", "--user=nobody", "--cap-drop=all", *READ_ONLY, FUNCTION]
    inside, outside = (
        subprocess.run(command, env=environ, input=given, capture_output=True, text=True, check=False)
        for command in (run, ["egress-overlays"])
    )
    assert inside.stdout or inside.stderr
    assert (inside.returncode, inside.stdout, inside.stderr) == (outside.returncode, outside.stdout, outside.stderr)


@pytest.mark.parametrize("way", ["volume", "image"])
def test_the_sidecar_builds_an_overlay(way: str, environ: dict[str, str], tree: Path, tmp_path: Path) -> None:
    """With what the init container laid into a volume, or with the image that has it all."""
    (sidecar,) = pod("plugin")["containers"]
    run = [*restricted(sidecar), "--volume", f"{empty_dir(tmp_path / 'tmp')}:/tmp"]
    if way == "volume":
        volume = empty_dir(tmp_path / "volume")
        (init,) = pod("volume")["initContainers"]
        program, *arguments = init["command"]
        for _ in range(2):  # A pod's init containers may run again.
            mounted = ("--volume", f"{volume}:/volume", "--entrypoint", program)
            done = docker(environ, *restricted(init), *mounted, FUNCTION, *arguments)
            assert done.returncode == 0, done.stderr
        run += ["--volume", f"{volume}:/egress-overlays:ro"]
        run += [f"--env={one['name']}={one['value']}" for one in sidecar["env"]]
    # Argo CD's copy of the repository belongs to the sidecar's user.
    overlay = tree / "overlays/inject-legacy"  # without --enable-exec
    for path in (tree, *tree.rglob("*")):
        os.chown(path, 999, 999)
    text = (ROOT / "deploy/argocd/plugin/plugin.yaml").read_text()
    if way == "image":
        inside = "/home/argocd/cmp-server/config/plugin.yaml"
        assert docker(environ, *run, "--entrypoint", "cat", PLUGIN, inside).stdout == text
    plugin = yaml.safe_load(text)["spec"]
    image = PLUGIN if way == "image" else ARGOCD
    run += ["--volume", f"{tree}:/tree", "--workdir", f"/tree/{overlay.relative_to(tree)}"]
    results = []
    for spec in (plugin["discover"]["find"], plugin["generate"]):
        program, *arguments = spec["command"] + spec["args"]
        results.append(docker(environ, *run, "--entrypoint", program, image, *arguments))
        assert (results[-1].returncode, results[-1].stderr) == (0, "")
    found, built = results
    assert "kustomization.yaml" in found.stdout
    assert "raw.githubusercontent.com" in built.stdout
    assert built.stdout == by_exec(environ, tree).stdout
