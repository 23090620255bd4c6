"""What later versions of base/ refuse or bound that earlier ones let through: told of a tree that lacks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import releases, scaffold

if TYPE_CHECKING:
    from pathlib import Path

# A file, a text of it that came with the hardening, and what it is. Tests hold each against the released trees.
HARDENING = (
    ("base/envoyfilter.yaml", "34.118.224.0", "addresses of GKE's Services are refused"),
    ("base/envoyfilter.yaml", "161.26.0.0", "addresses of IBM Cloud's own services are refused"),
    ("base/envoyfilter.yaml", "max_hosts: 16384", "made-up names and silent DNS servers keep nobody out"),
    ("base/envoyfilter.yaml", "transport_socket_connect_timeout", "clients without a certificate keep nobody out"),
    ("base/deployment.yaml", "global_downstream_max_connections", "connections are bounded by the gateway's memory"),
    (
        "base/deployment.yaml",
        "istio: sni-egressgateway",
        "filters for Istio's own egress gateway do not reach this one",
    ),
)


def lacking(tree: Path) -> list[str]:
    """The hardening of this version that the files of `tree` do not have."""
    texts: dict[str, str] = {}
    for file, _, _ in HARDENING:
        try:
            texts[file] = (tree / file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            texts[file] = ""
    return [what for file, text, what in HARDENING if text not in texts[file]]


def outdated(overlay: Path) -> str:
    """What to say of the tree of `overlay` where another version made it; "" where this one did, or there is none."""
    tree = scaffold.tree_of(overlay)
    if tree is None or (tree / "plugin/egress-overlays").is_file():  # a checkout of the project is its own version
        return ""
    known = releases.versions()
    version = releases.noted(tree) or releases.recognised(tree)
    if version in (None, known[-1]):
        return ""
    if version not in known:
        return f"{tree}: made by version {version!a}, which is not known here; verify with the newest egress-overlays"
    what = "; ".join(lacking(tree))
    return (
        f"{tree}: base/ and components/ are of {version}, and this is {known[-1]}"
        + (f"; not in them: {what}" if what else "")
        + "; `egress-overlays upgrade` brings them to it, your edits kept"
    )
