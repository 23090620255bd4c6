"""Print the JSON Schema of the domains ConfigMap and of EgressDomains, for editors.

With yaml-language-server, write at the top of a file: # yaml-language-server: $schema=egress-domains.schema.json
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..editing.schemas import json_schema
from ..manifest.resource import KIND
from . import inputs
from .formats.data import structured

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .console import Console

EXAMPLE = "egress-overlays schema > egress-domains.schema.json"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "kind",
        nargs="?",
        default="",
        choices=["", "ConfigMap", KIND],
        metavar="KIND",
        help=f"ConfigMap or {KIND} alone",
    )
    inputs.add_output(parser, default="json")


def run(arguments: Namespace, console: Console) -> int:
    """Print the schema; 0."""
    console.write(structured(json_schema(arguments.kind), "yaml" if arguments.output == "yaml" else "json"))
    return 0
