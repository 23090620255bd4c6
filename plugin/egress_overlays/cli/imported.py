"""What other formats say, read as `import` reads them, for the commands that look at lists."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign import LEFT, WIDER, Unreadable, formats, gather, import_all, of_client
from ..foreign.as_rendered import as_rendered
from ..rendered.rendered import STDIN
from ..rendered.tree import KUSTOMIZATIONS
from .formats.escaping import visible

if TYPE_CHECKING:
    from ..rendered.rendered import Rendered
    from .console import Console


def imported(path: str, data: bytes, console: Console) -> Rendered | None:
    """What `import` makes of `path`, `data` being stdin; None where that is nothing, or a kustomization."""
    if path != STDIN and (not Path(path).exists() or any((Path(path) / name).exists() for name in KUSTOMIZATIONS)):
        return None
    try:
        found = import_all(gather([path], BytesIO(data)), formats(), of_client)
    except Unreadable:
        return None
    if not found.lists:
        return None
    if not found.is_exact:
        counts = found.counts()
        said = f"{counts[WIDER]} opened wider, {counts[LEFT]} left out"
        console.say(f"egress-overlays: {visible(path)} cannot be read exactly ({said}); `import` shows it")
    return as_rendered(path, found)
