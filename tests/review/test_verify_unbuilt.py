"""`verify` of a directory that the function refuses to fill: every fault of the build, each at its file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live import verified

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

LIST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: egress-domains-batch
  labels: {egress-overlays.dev/set: default}
  annotations: {egress-overlays.dev/clients: batch}
data:
  queues: |
    # the broker
    broker.partner.example:9093
"""


@pytest.fixture
def overlay(tree: Path) -> Path:
    """An overlay with a limited list and a port, and neither component that these need."""
    directory = tree / "overlays/lab"
    directory.mkdir()
    (directory / "kustomization.yaml").write_text(
        "resources: [../../base, domains.yaml]\ntransformers: [../../plugin/inject]\n"
    )
    (directory / "domains.yaml").write_text(LIST)
    return directory


@pytest.mark.usefixtures("overlay")
def test_what_is_missing_is_said_all_at_once_with_file_and_line(run: Run) -> None:
    found = verified(run, "overlays/lab")
    assert [(one["rule"], one["file"], one["line"]) for one in found] == [
        ("build", "overlays/lab/domains.yaml", 10),
        ("build", "overlays/lab/kustomization.yaml", None),
    ]
    assert "add components/ports" in found[0]["message"]
    assert "add components/client-lists" in found[1]["message"]


@pytest.mark.usefixtures("overlay")
def test_verify_sends_nobody_to_verify(run: Run) -> None:
    outcome = run("verify", "overlays/lab")
    assert outcome.code == 1
    assert "does not build" in outcome.err
    assert "verify shows all" not in outcome.err
    assert "verify shows all" in run("list", "overlays/lab").err


@pytest.mark.usefixtures("overlay")
@pytest.mark.parametrize("output", ["github", "junit", "sarif"])
def test_every_format_has_them(output: str, run: Run) -> None:
    said = run("verify", "-o", output, "overlays/lab").out
    assert "add components/ports" in said
    assert "add components/client-lists" in said


def test_a_bad_line_hides_nothing_of_the_rest(run: Run, overlay: Path) -> None:
    (overlay / "domains.yaml").write_text(LIST + "    https://example.com/\n")
    assert [one["rule"] for one in verified(run, "overlays/lab")] == ["build", "domain", "build"]


def test_a_line_of_a_generator_is_at_its_file(run: Run, overlay: Path) -> None:
    (overlay / "queues").write_text("\nbroker.partner.example:9093\n")
    (overlay / "kustomization.yaml").write_text(
        "resources: [../../base]\ntransformers: [../../plugin/inject]\nconfigMapGenerator:\n- name: queues\n"
        "  files: [queues]\n  options: {labels: {egress-overlays.dev/set: default}, disableNameSuffixHash: true}\n"
    )
    (found,) = verified(run, "overlays/lab")
    assert (found["rule"], found["file"], found["line"]) == ("build", "overlays/lab/queues", 2)


def test_a_line_of_a_patch_is_at_the_patch(run: Run, overlay: Path) -> None:
    (overlay / "more.yaml").write_text(
        LIST.partition("  annotations")[0] + "data:\n  queues: |\n    a.example.com:9093\n"
    )
    with (overlay / "kustomization.yaml").open("a") as file:
        file.write("patches: [{path: more.yaml}]\n")
    found = verified(run, "overlays/lab")
    assert [(one["file"], one["line"]) for one in found][-1] == ("overlays/lab/more.yaml", 8)


def test_an_object_that_is_in_no_file_is_named_in_the_message(run: Run, overlay: Path) -> None:
    (overlay / "inner").mkdir()
    (overlay / "inner/kustomization.yaml").write_text("resources: [domains.yaml]\nnamePrefix: our-\n")
    (overlay / "domains.yaml").rename(overlay / "inner/domains.yaml")
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace("domains.yaml", "inner"))
    found = verified(run, "overlays/lab")
    assert any(one["message"].startswith('ConfigMap our-egress-domains-batch, group "queues"') for one in found)


def test_what_the_build_says_is_said_once(run: Run, overlay: Path) -> None:
    """A list for some clients at two ports has one filter missing, and not one for each port."""
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text() + "components: [../../components/ports]\n")
    (overlay / "domains.yaml").write_text(LIST + "    api.partner.example\n")
    said = run("list", "overlays/lab")
    assert "more:" not in said.err
