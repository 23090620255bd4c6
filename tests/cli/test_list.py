"""`list`: every name with who wrote it where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import quick_yaml as yaml
from command import Run, one_line
from egress_overlays.rendered.kustomize import build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")


def entries(run: Run, path: object) -> dict[str, dict[str, Any]]:
    outcome = run("list", "-o", "json", path)
    assert outcome.code == 0, outcome.err
    return {entry["name"]: entry for one in json.loads(outcome.out)["sets"] for entry in one["entries"]}


def line(tree: Path, entry: dict[str, Any]) -> str:
    return (tree / str(entry["file"])).read_text().split("\n")[int(entry["line"]) - 1]


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_name_is_traced_to_its_line(environment: str, run: Run, tree: Path) -> None:
    found = entries(run, f"overlays/{environment}")
    assert len(found) > 10
    for name, entry in found.items():
        written = line(tree, entry)
        assert written.split("#")[0].strip() in (name, name.removeprefix("*"), "." + name)
        assert entry["comment"] in written
        assert f"  {entry['group']}: |" in (tree / entry["file"]).read_text()


@pytest.mark.parametrize("path", ["overlays/dev", "overlays/prod", "prod.yaml", "lists.yaml"])
def test_the_data_keeps_to_its_schema(path: str, run: Run, tree: Path, rendered: Callable[[str], Path]) -> None:
    schema = json.loads(run("schema", "list").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    rendered("prod")
    text = (tree / "components/domains-payments/domains.yaml").read_text()
    risky = "    *.ngrok.io  # owner=a ticket=b until=2026-12-01 c\n    *.ngrok.io\n    x.ngrok.io\n"
    (tree / "lists.yaml").write_text(text + risky)
    for words in ((), ("--blame",)):
        found = json.loads(run("list", "-o", "json", "--today", "2026-12-01", *words, path).out)
        jsonschema.validate(found, schema)
        assert found["sets"][0]["entries"]


def test_a_group_that_a_patch_set_is_traced_to_the_patch(run: Run) -> None:
    entry = entries(run, "overlays/prod")["events.pagerduty.com"]
    assert (entry["file"], entry["line"]) == ("overlays/prod/egress-domains.yaml", 9)


def test_a_removed_group_is_gone(run: Run) -> None:
    assert "wikipedia.org" in entries(run, "overlays/staging")
    assert "wikipedia.org" not in entries(run, "overlays/prod")


def test_covered_names_say_by_what_and_the_other_way(run: Run) -> None:
    found = entries(run, "overlays/staging")
    assert found["checkout-test.adyen.com"]["coveredBy"] == "*.adyen.com"
    assert found["checkout-test.adyen.com"]["effective"] is False
    assert found["*.adyen.com"]["covers"] == ["checkout-test.adyen.com"]
    text = run("list", "overlays/staging").out
    assert "covered by *.adyen.com" in text


def test_a_generated_list_is_traced_to_the_file_it_was_made_of(run: Run, tree: Path) -> None:
    (tree / "overlays/dev/names.txt").write_text("# ours\napi.example.com # orders\n")
    (tree / "overlays/dev/kustomization.yaml").write_text(
        """resources: [../../base]
configMapGenerator:
- name: names
  files: [orders=names.txt]
  options:
    disableNameSuffixHash: true
    labels: {egress-overlays.dev/set: default}
transformers: [../../plugin/inject]
"""
    )
    entry = entries(run, "overlays/dev")["api.example.com"]
    assert (entry["file"], entry["line"], entry["comment"]) == ("overlays/dev/names.txt", 2, "orders")


def function_config(tree: Path) -> Path:
    """The short form: the ConfigMap is the functionConfig, patched by a kustomization of its own."""
    directory = tree / "overlays/short"
    (directory / "config").mkdir(parents=True)
    (directory / "kustomization.yaml").write_text(
        "resources: [../../base]\ntransformers: [config, ../../plugin/guard]\n"
    )
    (directory / "config/kustomization.yaml").write_text("resources: [domains.yaml]\npatches: [{path: patch.yaml}]\n")
    (directory / "config/domains.yaml").write_text(
        f"""apiVersion: v1
kind: ConfigMap
metadata:
  name: egress-domains
  annotations:
    config.kubernetes.io/function: |
      exec: {{path: {tree}/plugin/egress-overlays}}
data:
  a: |
    a.example.com # as written
  b: |
    b.example.com
"""
    )
    (directory / "config/patch.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: egress-domains}\n"
        "data:\n  b: |\n    bb.example.com # patched\n"
    )
    return directory


def test_a_function_config_is_traced_too(run: Run, tree: Path) -> None:
    function_config(tree)
    found = entries(run, "overlays/short")
    assert found.keys() == {"a.example.com", "bb.example.com"}
    assert found["a.example.com"]["file"] == "overlays/short/config/domains.yaml"
    assert line(tree, found["a.example.com"]) == "    a.example.com # as written"
    assert found["bb.example.com"]["file"] == "overlays/short/config/patch.yaml"
    assert line(tree, found["bb.example.com"]) == "    bb.example.com # patched"


def test_a_rendered_file_lists_the_same_names(run: Run, rendered: Callable[[str], Path]) -> None:
    def effective(path: object) -> set[str]:
        return {name for name, entry in entries(run, path).items() if entry["effective"]}

    file = rendered("prod")
    assert effective(file) == effective("overlays/prod")
    assert run("list", "-", stdin=file.read_bytes()).out.count("stdin:") == len(effective(file))


def test_yaml_says_what_json_says(run: Run) -> None:
    as_yaml = yaml.safe_load(run("list", "-o", "yaml", "overlays/dev").out)
    assert as_yaml == json.loads(run("list", "-o", "json", "overlays/dev").out)


BAD: dict[str, tuple[str, str]] = {
    "absent": ("nowhere", "nowhere: no such file or directory"),
    "no kustomization": ("empty", "unable to find one of 'kustomization.yaml'"),
    "does not build": ("broken", "no such file or directory"),
    "not YAML": ("notes.md", "notes.md: is no valid YAML"),
    "not UTF-8": ("latin1.yaml", "latin1.yaml: is not UTF-8 (byte 2)"),
    "no list": ("plain.yaml", "plain.yaml: holds no egress list"),
    "no object": ("values.yaml", "values.yaml: holds a document that is no Kubernetes object"),
    "nothing": ("nothing.yaml", "nothing.yaml: holds no Kubernetes object at all"),
}


@pytest.fixture
def bad(tree: Path) -> None:
    (tree / "empty").mkdir()
    (tree / "broken").mkdir()
    (tree / "broken/kustomization.yaml").write_text("resources: [gone.yaml]\n")
    (tree / "notes.md").write_text("Notes: a list: of things\n")
    (tree / "latin1.yaml").write_bytes(b"a: \xe9\n".replace(b"a: ", b"a:"))
    (tree / "plain.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    (tree / "values.yaml").write_text("a: 1\n")
    (tree / "nothing.yaml").write_text("# nothing yet\n---\n")


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize(("path", "words"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize(
    "command", [("list",), ("check", "a.example.com"), ("verify",), ("matrix",), ("diff", "overlays/dev")]
)
def test_what_cannot_be_read_is_one_line_and_exit_2(command: tuple[str, ...], path: str, words: str, run: Run) -> None:
    if command == ("verify",) and path == "plain.yaml":
        return  # `verify` says that as a finding
    assert words in one_line(run(*command, path), 2)


def test_a_missing_kustomize_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", "/nowhere")
    assert "kustomize is not on PATH" in one_line(run("list", "overlays/prod"), 2)


def test_the_function_of_a_refused_list_is_quoted(run: Run, tree: Path) -> None:
    file = tree / "overlays/dev/domains.yaml"
    file.write_text(file.read_text().replace("ghcr.io", "ghcr.io:80"))
    said = one_line(run("list", "overlays/dev"), 2)
    assert 'group "code", line 4: "ghcr.io:80": holds the port' in said


def test_no_temporary_directory_is_left(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    place = tree / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    assert run("list", "overlays/prod").code == 0
    assert run("list", "base").code == 0
    assert list(place.iterdir()) == []


def test_blame_says_since_when_a_line_is_there(run: Run, tree: Path, repository: Callable[..., str]) -> None:
    file = tree / "components/domains-common/domains.yaml"
    file.write_text(file.read_text().replace("    ghcr.io\n", "    ghcr.io\n    quay.io\n"))
    found = {
        entry["name"]: entry
        for entry in json.loads(run("list", "--blame", "-o", "json", "overlays/prod").out)["sets"][0]["entries"]
    }
    assert found["quay.io"]["commit"] is None
    assert found["ghcr.io"]["commit"]["id"] == repository("rev-parse", "HEAD")[:10]
    assert found["ghcr.io"]["commit"]["subject"] == "one"


def test_an_overlay_is_built_once(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def told(directories: list[Path], *words: str) -> tuple[bytes, Path]:
        asked.append((directories, *words))
        return build(directories, *words)

    monkeypatch.setattr("egress_overlays.rendered.building.build", told)
    assert run("list", tree / "overlays/prod").code == 0
    assert len(asked) == 1
