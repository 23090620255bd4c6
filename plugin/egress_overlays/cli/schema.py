"""Print the JSON Schema of the domains ConfigMap and of EgressDomains, of tests, policies, diff and list.

With yaml-language-server, write at the top of a file: # yaml-language-server: $schema=egress-domains.schema.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..editing.schemas import json_schema
from ..manifest.resource import KIND
from . import inputs
from .egress_policy import json_schema as policy_schema
from .expectations import json_schema as expectations_schema
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
        choices=["", "ConfigMap", KIND, "tests", "policy", "diff", "list"],
        metavar="KIND",
        help=f"ConfigMap or {KIND} alone, tests (egress-tests.yaml), policy (egress-policy.yaml), diff or list",
    )
    inputs.add_output(parser, default="json")


def run(arguments: Namespace, console: Console) -> int:
    """Print the schema; 0."""
    if arguments.kind in ("tests", "policy"):
        schema = expectations_schema() if arguments.kind == "tests" else policy_schema()
    else:
        schema = _of(arguments.kind) if arguments.kind in ("diff", "list") else json_schema(arguments.kind)
    console.write(structured(schema, "yaml" if arguments.output == "yaml" else "json"))
    return 0


def _of(command: str) -> Any:
    file = Path(__file__).parent / f"formats/{command}.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))
