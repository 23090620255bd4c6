"""Print a domains ConfigMap made from what you have: Istio manifests, Nginx, smokescreen, Cilium, Squid, plain lists.

Formats: istio (a gateway after the Istio blog, or the Nginx SNI proxy's VirtualServices and ServiceEntries), nginx (a
map of $ssl_preread_server_name), smokescreen (ACL v1), cilium (toFQDNs), squid (acl dstdomain, ssl::server_name), plain
(a name a line).
What cannot be carried over exactly is said on stderr, and the exit code is 1 then.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..foreign import FORMATS, Imported, Source, import_lists
from ..manifest.resource import SET_LABEL
from ..yamltext import InvalidInput
from . import inputs
from .console import Failure
from .formats.data import structured
from .formats.escaping import visible
from .formats.text import table
from .report import Column, Row

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .console import Console

EXAMPLE = "egress-overlays import egress.yaml squid.conf > overlays/prod/domains.yaml"


# What the API server takes for an object's name (RFC 1123 subdomain).
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for stdin")
    parser.add_argument("--from", dest="form", choices=list(FORMATS), default="", metavar="FORMAT", help="see below")
    parser.add_argument("--name", default="egress-domains", help="the ConfigMap's name (default: egress-domains)")
    inputs.add_set(parser)
    inputs.add_output(parser, default="yaml")


def run(arguments: Namespace, console: Console) -> int:
    """Print the ConfigMap; 1 where something is not the same."""
    inputs.check(
        "--name", arguments.name, _OBJECT, 253, "a ConfigMap's name has lower-case letters, digits, '-' and '.'"
    )
    inputs.check_set(arguments)
    found = import_lists([_source(file, console) for file in arguments.files], arguments.form)
    if not found.groups:
        raise Failure("; ".join(visible(str(note)) for note in found.notes) or "nothing could be taken over")
    if arguments.output == "text":
        rows = [Row((name, group, comment)) for group, names in found.groups.items() for name, comment in names.items()]
        console.write("\n".join(table((Column("name"), Column("group"), Column("comment")), rows)))
    elif arguments.output == "json":
        console.write(structured(_object(found, arguments), "json"))
    else:
        console.write(config_map(found, arguments))
    for note in found.notes:
        console.say(visible(str(note)))
    return int(bool(found.notes))


def _source(file: str, console: Console) -> Source:
    try:
        data = console.stdin.read() if file == "-" else Path(file).read_bytes()
        return Source("stdin" if file == "-" else file, data)
    except OSError as fault:
        raise Failure(f"{file}: cannot be read: {fault.strerror}") from None
    except InvalidInput as fault:
        raise Failure(f"{file}: {fault}") from None


def _lines(names: dict[str, str]) -> list[str]:
    width = max(map(len, names)) + 2
    return [f"{name.ljust(width)}# {visible(comment)}" if comment else name for name, comment in names.items()]


def _object(found: Imported, arguments: Namespace) -> dict[str, Any]:
    data = {group: "".join(f"{line}\n" for line in _lines(names)) for group, names in sorted(found.groups.items())}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": arguments.name, "labels": {SET_LABEL: arguments.set}},
        "data": data,
    }


def config_map(found: Imported, arguments: Namespace) -> str:
    """The ConfigMap in YAML, each group a block."""
    lines = ["apiVersion: v1", "kind: ConfigMap", "metadata:", f"  name: {_scalar(arguments.name)}", "  labels:"]
    lines += [f"    {SET_LABEL}: {_scalar(arguments.set)}", "data:"]
    for group, names in sorted(found.groups.items()):
        lines.append(f"  {_scalar(group)}: |")
        lines += [f"    {line}" for line in _lines(names)]
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    """`text`, quoted where YAML would take it for something else."""
    plain = text.replace("-", "").replace("_", "").isalnum() and not text[0].isdigit() and text[0] not in "-_"
    return text if plain and text.lower() not in _WORDS else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
