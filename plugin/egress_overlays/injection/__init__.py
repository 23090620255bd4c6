"""The product: resources and their lists in, the edits that put every list in its places out.

Pure: values in, values out. It reads no stream, file, environment or clock, and knows no text of YAML.
Imports `names`, `manifest`, `lists` and `sites`; never `yamltext`, so that the injection is not tied to an editor.
Here stands what it comes to, a `Plan`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lists.allowlist import AllowSet
    from ..manifest.edits import Edits
    from ..manifest.findings import Finding


class Plan:
    """What an injection changes: nothing is changed where `findings` holds an error.

    `edits` maps the index of a resource to new values by path (None removes the key); `copies` maps
    the index of a resource to the edits that turn a copy of it into each further one (ServiceEntries
    past 256 hosts, and what limited lists need); `removed` holds the indexes of earlier copies;
    `sets` the lists, by name.
    """

    __slots__ = ("copies", "edits", "findings", "placed", "removed", "sets")

    def __init__(self) -> None:
        self.edits: dict[int, Edits] = {}
        self.copies: dict[int, list[Edits]] = {}
        self.placed = 0
        self.removed: set[int] = set()
        self.sets: dict[str, AllowSet] = {}
        self.findings: list[Finding] = []

    def __repr__(self) -> str:
        return f"Plan({len(self.edits)} resources changed, sets {sorted(self.sets)}, {len(self.findings)} findings)"
