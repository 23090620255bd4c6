"""Measures the page of `matrix` in a real browser: `make bench-pages`.

Made-up matrices, in which all environments differ. For each: the size of the page, how long Chromium takes until the
rows of the first screen are laid out (from its own start of the navigation), and how long after a letter in the search
field the rows are laid out again, the slowest of some. Results: bench/results/pages.md.
"""

from __future__ import annotations

import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from egress_overlays.cli.formats import html
from egress_overlays.cli.formats.view import View
from egress_overlays.cli.matrix import data
from egress_overlays.cli.report import Report
from egress_overlays.names.domain import Domain
from egress_overlays.review.environments import COVERED, LISTED, NO, PARTLY, Cell, Row

RESULTS = Path(__file__).with_name("results")
SIZES = ((3, 634), (12, 634), (200, 634), (12, 5_000), (12, 20_000))
"""Environments and names."""
_SEED = 20261126
_PROBE = """
<script>
addEventListener("load", () => {
  const laidOut = () => { document.body.offsetHeight; return performance.now(); };
  const first = laidOut(), times = [];
  for (const text of ["n", "nor", "billing", "no such name", ""]) {
    const start = performance.now();
    form.text.value = text;
    form.dispatchEvent(new Event("input"));
    times.push(laidOut() - start);
  }
  const out = document.createElement("pre");
  out.id = "measured";
  out.textContent = JSON.stringify({ first, slowest: Math.max(...times), rows: rows.length });
  document.body.append(out);
});
</script>
"""


def page(environments: int, names: int) -> str:
    """A page of `matrix` with so many of both, always the same one."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    titles = [f"team-{number:03}-prod" for number in range(environments)]
    teams = ("ads", "billing", "crm", "data", "erp", "fraud", "identity", "media", "search", "support", "shop", "maps")
    rows = []
    for number in range(names):
        team = teams[number * len(teams) // names]
        kinds = (Cell(LISTED), Cell(LISTED, (), (f"{team}/*",)), Cell(COVERED, (f"*.{team}.example",)), Cell(NO))
        more = (Cell(PARTLY, (f"api.{team}.example",)),)
        cells = tuple(chance.choices((*kinds, *more), (50, 20, 5, 22, 3), k=environments))
        name = Domain(f"api-{number}.northbank.{team}.example")
        rows.append(Row(name, "default", cells, (team,), ("card payments",), (team,), ("payments",)))
    return html.write(Report("matrix", ", ".join(titles), data(titles, rows)), View("html"))


def browsed(text: str, browser: str, directory: Path) -> dict[str, float]:
    """What the browser measured of the page `text`, in milliseconds."""
    file = directory / "page.html"
    file.write_text(text.replace("</body>", f"{_PROBE}</body>"))
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile", "--dump-dom"]
    words = [browser, *flags, "--window-size=1400,900", file.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300)
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout)
    if found is None:
        raise RuntimeError("the page's script did not run")
    measured: dict[str, float] = json.loads(found[1])
    return measured


def main() -> int:
    """Measure, and write the table."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.stderr.write("bench-pages needs Chromium: apt-get install chromium\n")
        return 2
    lines = []
    for environments, names in SIZES:
        text = page(environments, names)
        with tempfile.TemporaryDirectory(prefix="egress-overlays-bench-") as made:
            found = browsed(text, browser, Path(made))
        size = f"{len(text.encode()) / 1e6:.2f} MB"
        lines.append(
            f"| {environments} | {names:,} | {size} | {found['first']:,.0f} ms | {found['slowest']:,.0f} ms |\n"
        )
    version = subprocess.run([browser, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    table = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Chromium {version}; load at the end: "
        f"{os.getloadavg()[0]:.1f}.\n\n| environments, all different | names | page | first rows after | search, at "
        f"most |\n|--:|--:|--:|--:|--:|\n{''.join(lines)}"
    )
    RESULTS.joinpath("pages.md").write_text(table)
    sys.stdout.write(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
