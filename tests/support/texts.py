"""Resources as texts, and a check of what the function makes of them, worked out on values alone."""

from __future__ import annotations

import quick_yaml as yaml
from builders import (
    INJECT,
    PLACEHOLDER,
    SET,
    STATE,
    Outcome,
    Value,
    run_text,
)

RUNNER = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressDomains\nmetadata:\n  name: inject\n"
HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
ROUTES = f"""\
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata:
    name: routes
    annotations:
      {INJECT}: default
  spec:
    hosts:
    - {PLACEHOLDER}
"""
LIST = f"""\
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: egress-domains
    labels:
      {SET}: default
  data:
    names: |
      example.com
"""


def as_item(text: str) -> str:
    return "- " + text.strip("\n").replace("\n", "\n  ") + "\n"


def expected(items: list[Value], hosts: list[str]) -> list[Value]:
    """What must come out, worked out on values alone."""
    found = []
    for item in items:
        metadata = dict(item["metadata"])
        annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
        if INJECT in annotations:
            metadata["labels"] = {**labels, STATE: "injected"}
            spec = {**item["spec"], "hosts": hosts}
            if "tls" in spec:
                spec["tls"] = [{"match": [{"sniHosts": hosts}]}]
            found.append({**item, "metadata": metadata, "spec": spec})
        elif SET in labels:
            metadata["annotations"] = {**annotations, "config.kubernetes.io/local-config": "true"}
            found.append({**item, "metadata": metadata})
        else:
            found.append(item)
    return found


def check(text: str, hosts: list[str] | None = None) -> Outcome:
    """The function fills the routes in `text`, changes no other value, and nothing on its own output."""
    outcome = run_text(text)
    assert outcome.code == 0, outcome.words
    before = yaml.safe_load(text)["items"]
    assert outcome.items == expected(before, hosts or ["example.com"])
    again = run_text(outcome.text)
    assert again == outcome
    return outcome
