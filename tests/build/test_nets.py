"""A build in which the function did not run, or failed: exit 1, empty stdout, one clear reason."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import quick_yaml as yaml
from builders import PLACEHOLDER, STATE, domains, dump, names_of
from building import FLAGS, Tree, kustomization

DID_NOT_RUN = "the egress-overlays function did not run: build with --enable-alpha-plugins --enable-exec"
OVERLAYS = ("dev", "staging", "prod")


@pytest.mark.parametrize("overlay", OVERLAYS)
class TestFlags:
    """Kustomize skips an exec function without a word where flags are missing."""

    def test_without_enable_exec(self, tree: Tree, overlay: str) -> None:
        assert DID_NOT_RUN in tree.kustomize(f"overlays/{overlay}", "--enable-alpha-plugins").fault()

    def test_without_enable_alpha_plugins(self, tree: Tree, overlay: str) -> None:
        assert tree.kustomize(f"overlays/{overlay}", "--enable-exec").fault()

    def test_without_both(self, tree: Tree, overlay: str) -> None:
        assert tree.kustomize(f"overlays/{overlay}", "--load-restrictor=LoadRestrictionsRootOnly").fault()

    def test_by_kubectl_which_has_no_enable_exec(self, tree: Tree, overlay: str) -> None:
        assert DID_NOT_RUN in tree.kubectl(f"overlays/{overlay}", "--enable-alpha-plugins").fault()
        assert tree.kubectl(f"overlays/{overlay}").fault()


def test_each_guard_holds_by_itself(tree: Tree) -> None:
    path = tree.root / "plugin/guard/function-did-not-run.yaml"
    resources, unselected, lists = path.read_text().split("---\n")
    for text, said in ((resources, DID_NOT_RUN), (unselected, "egress-overlays.dev~1state"), (lists, DID_NOT_RUN)):
        path.write_text(text)
        assert said in tree.kustomize("overlays/dev", FLAGS[0]).fault()


def test_without_the_guard_too_nothing_is_admitted_and_the_api_server_refuses(tree: Tree) -> None:
    (tree.root / "plugin/inject/kustomization.yaml").write_text(kustomization(resources=["function.yaml"]))
    build = tree.kustomize("overlays/dev", FLAGS[0])
    for lists in names_of(build.items).values():
        assert lists
        assert all(names == [PLACEHOLDER] for names in lists)
    states = [item["metadata"]["labels"][STATE] for item in build.items if STATE in item["metadata"].get("labels", {})]
    assert len(states) >= 3
    # Kubernetes, labels: at most 63 of these characters, alphanumeric at both ends.
    assert not any(re.fullmatch(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", state) for state in states)
    assert all("--enable-alpha-plugins --enable-exec" in state for state in states)


def test_base_itself_admits_nothing(tree: Tree) -> None:
    for lists in names_of(tree.kustomize("base").items).values():
        assert all(names == [PLACEHOLDER] for names in lists)


class TestExecutable:
    """The executable itself is broken."""

    def test_its_mode_bit_is_gone(self, tree: Tree) -> None:
        (tree.root / "plugin/egress-overlays").chmod(0o644)
        assert "permission denied" in tree.kustomize("overlays/dev").fault()

    def test_its_mode_bit_is_gone_in_the_older_protocol(self, tree: Tree) -> None:
        (tree.root / "plugin/egress-overlays.dev/v1alpha1/egressdomains/EgressDomains").chmod(0o644)
        self.legacy(tree)
        assert tree.kustomize("overlays/dev", FLAGS[0], environ=tree.plugin_home).fault()

    def test_it_is_missing(self, tree: Tree) -> None:
        (tree.root / "plugin/egress-overlays").unlink()
        assert "egress-overlays" in tree.kustomize("overlays/dev").fault()

    @pytest.mark.parametrize("after", ["nothing", "half", "all"])
    def test_it_is_killed_halfway(self, tree: Tree, after: str) -> None:
        real = tree.root / "plugin/egress-overlays"
        real.rename(tree.root / "plugin/real")
        said = {"nothing": "", "half": 'head -c 2000 "$out"', "all": 'cat "$out"'}[after]
        real.write_text(f'#!/bin/sh\nout=$(mktemp)\n"${{0%/*}}/real" > "$out"\n{said}\nrm "$out"\nkill -KILL $$\n')
        real.chmod(0o755)
        assert "signal: killed" in tree.kustomize("overlays/dev").fault()

    def test_it_is_killed_halfway_in_the_older_protocol(self, tree: Tree) -> None:
        wrapper = tree.root / "plugin/egress-overlays.dev/v1alpha1/egressdomains/EgressDomains"
        wrapper.write_text("#!/bin/sh\nhead -c 2000\nkill -KILL $$\n")
        self.legacy(tree)
        for build in (tree.kustomize, tree.kubectl):
            assert "signal: killed" in build("overlays/dev", FLAGS[0], environ=tree.plugin_home).fault()

    def test_a_package_is_missing(self, tree: Tree) -> None:
        (tree.root / ".venv").unlink()
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", tree.root / ".venv"], check=True)
        words = tree.kustomize("overlays/dev").fault()
        assert f"Python packages are missing in {tree.root}/overlays/dev/../../.venv/bin/python: py-yaml12>=" in words
        assert f"run: make -C {tree.root} venv" in words

    def test_the_older_protocol_without_its_home(self, tree: Tree) -> None:
        self.legacy(tree)
        assert tree.kustomize(
            "overlays/dev", FLAGS[0], environ={"KUSTOMIZE_PLUGIN_HOME": str(tree.root / "base")}
        ).fault()

    def legacy(self, tree: Tree) -> None:
        path = tree.root / "overlays/dev/kustomization.yaml"
        path.write_text(path.read_text().replace("plugin/inject", "plugin/inject-legacy"))


FAULTS = {
    "a URL": (domains("https://api.example.com/v1\n"), '"https://api.example.com/v1": is a URL'),
    "a bare wildcard": (domains("*\n"), '"*": admits every name there is'),
    "a dash": (domains("- api.example.com\n"), 'remove the dash: "api.example.com"'),
    "an empty list": (domains(""), 'the set "default" has no domain at all'),
    "an unknown set": (domains(of="prod"), 'takes the set "default", which no ConfigMap declares (sets here: "prod")'),
    "a set that nobody takes": (domains(of="prod"), 'adds to the set "prod", which no resource takes'),
    "a misspelt label": (
        {**domains(), "metadata": {"name": "egress-domains", "labels": {"egress-overlays.dev/sets": "default"}}},
        'has the label "egress-overlays.dev/sets", which means nothing',
    ),
    "no label": ({**domains(), "metadata": {"name": "egress-domains"}}, "there is no domains ConfigMap at all"),
}


@pytest.mark.parametrize("legacy", [False, True], ids=["function", "older protocol"])
@pytest.mark.parametrize(("item", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_the_list(tree: Tree, item: dict[str, object], said: str, legacy: bool) -> None:
    inject = "inject-legacy" if legacy else "inject"
    lists = {"resources": ["../../base", "domains.yaml"], "components": [f"../../components/{inject}"]}
    tree.write({"overlays/x/kustomization.yaml": kustomization(**lists), "overlays/x/domains.yaml": dump(item)})
    flags = FLAGS[: 2 - legacy]
    words = tree.kustomize("overlays/x", *flags, environ=tree.plugin_home).fault()
    assert said in words
    assert "Traceback" not in words
    assert "egress-overlays: error: " in words


def test_an_inner_layer_cannot_hide_that_an_outer_one_did_not_run(tree: Tree) -> None:
    # Injected once, resources stay filled: an outer run that is skipped would leave out the outer list.
    lists = {"resources": ["../dev", "more.yaml"], "components": ["../../components/inject"]}
    tree.write(
        {
            "overlays/outer/kustomization.yaml": kustomization(**lists),
            "overlays/outer/more.yaml": dump(domains("more.example\n", name="more")),
        }
    )
    assert "more.example" in tree.kustomize("overlays/outer").text
    assert tree.kustomize("overlays/outer", FLAGS[0]).fault()


def test_a_layer_of_another_protocol_cannot_hide_it_either(tree: Tree) -> None:
    # The older protocol needs one flag, so that the inner layer is injected and the outer one skipped.
    inner = {"resources": ["../../base", "domains.yaml"], "components": ["../../components/inject-legacy"]}
    outer = {"resources": ["../inner", "more.yaml"], "components": ["../../components/inject"]}
    tree.write(
        {
            "overlays/inner/kustomization.yaml": kustomization(**inner),
            "overlays/inner/domains.yaml": dump(domains()),
            "overlays/outer/kustomization.yaml": kustomization(**outer),
            "overlays/outer/more.yaml": dump(domains("more.example\n", name="more")),
        }
    )
    assert "more.example" in tree.kustomize("overlays/outer", environ=tree.plugin_home).text
    for build in (tree.kustomize, tree.kubectl):
        assert DID_NOT_RUN in build("overlays/outer", FLAGS[0], environ=tree.plugin_home).fault()


@pytest.mark.parametrize("more", [True, False], ids=["a new list", "the lists that it has"])
def test_what_was_rendered_before_cannot_hide_it_either(tree: Tree, more: bool) -> None:
    lists = {
        "resources": ["rendered.yaml", *(["more.yaml"] if more else [])],
        "components": ["../../components/inject"],
    }
    tree.write(
        {
            "overlays/again/kustomization.yaml": kustomization(**lists),
            "overlays/again/rendered.yaml": tree.kustomize("overlays/dev").text,
            "overlays/again/more.yaml": dump(domains("more.example\n", name="more")),
        }
    )
    assert DID_NOT_RUN in tree.kustomize("overlays/again", FLAGS[0]).fault()


def test_a_label_that_claims_it_cannot_hide_it_either(tree: Tree) -> None:
    lists = {"resources": ["../../base", "domains.yaml"], "components": ["claim", "../../components/inject"]}
    claim = [{"op": "replace", "path": "/metadata/labels/egress-overlays.dev~1state", "value": "injected"}]
    target = {"annotationSelector": "egress-overlays.dev/inject"}
    tree.write(
        {
            "overlays/x/kustomization.yaml": kustomization(**lists),
            "overlays/x/domains.yaml": dump(domains()),
            "overlays/x/claim/kustomization.yaml": yaml.safe_dump(
                {
                    "apiVersion": "kustomize.config.k8s.io/v1alpha1",
                    "kind": "Component",
                    "patches": [{"target": target, "patch": yaml.safe_dump(claim)}],
                }
            ),
        }
    )
    assert "- example.com" in tree.kustomize("overlays/x").text
    assert DID_NOT_RUN in tree.kustomize("overlays/x", FLAGS[0]).fault()


def test_a_list_that_was_not_used_does_not_pass_the_short_form(tree: Tree) -> None:
    # The function's config is skipped with it; the guard hears of the list among the resources.
    config = {**domains(of=None), "metadata": {"name": "egress-domains"}}
    config["metadata"]["annotations"] = {"config.kubernetes.io/function": "exec: {path: ../../plugin/egress-overlays}"}
    lists = {
        "resources": ["rendered.yaml", "more.yaml"],
        "transformers": ["domains.yaml", "../../plugin/guard"],
    }
    tree.write(
        {
            "overlays/short/kustomization.yaml": kustomization(**lists),
            "overlays/short/domains.yaml": dump(config),
            "overlays/short/rendered.yaml": tree.kustomize("overlays/dev").text,
            "overlays/short/more.yaml": dump(domains("more.example\n", name="more")),
        }
    )
    assert "the lists of that run are gone" in tree.kustomize("overlays/short").fault()
    assert DID_NOT_RUN in tree.kustomize("overlays/short", FLAGS[0]).fault()


def test_stdout_is_nothing_but_yaml(tree: Tree) -> None:
    build = tree.kustomize("overlays/staging")
    assert all(isinstance(item, dict) and "kind" in item for item in yaml.safe_load_all(build.text))
    assert build.words.startswith("egress-overlays: info: ")
