"""Keep what this version's `init` lays down, for `upgrade` of later versions; run it when a version is released.

Two runs give the same bytes.
"""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "plugin"))

from egress_overlays.editing.releases import ARCHIVES
from egress_overlays.editing.scaffold import shipped_files
from egress_overlays.version import VERSION


def main() -> None:
    """Write the archive and print its path."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in sorted(shipped_files().items()):
            entry = tarfile.TarInfo(str(path))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    target = ARCHIVES / f"{VERSION}.tar.gz"
    target.write_bytes(gzip.compress(raw.getvalue(), mtime=0))
    print(target)


if __name__ == "__main__":
    main()
