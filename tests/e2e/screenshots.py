"""Take the README's pictures anew: `python -m tests.e2e.screenshots`, from the repository's root.

It needs what the browser tests need: Chromium and Caddy. Look at the pictures before you commit.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.another_process import run_client
from tests.e2e.browser import PATIENCE_MS, Visit, browsing
from tests.e2e.caddy import Door
from tests.e2e.session import SHAPES, proxied
from tests.running import running, wait_until

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST_BYTES = 300_000


def main() -> None:
    """Start a Studio with a data link, let a client log to it, and show it to a browser."""
    folder = Path(tempfile.gettempdir()) / "studio-pictures"  # its name is in the picture
    folder.mkdir()
    link = folder / "data" / "team-results"
    link.mkdir(parents=True)
    try:
        with running(folder / "first"):
            pass
        database = folder / "first" / "mlflow.db"
        env = {"STUDIO_DATA_DIR": str(link.parent), "STUDIO_LINK_WAIT": "0"}
        with (
            proxied(folder, database, SHAPES["own host"], env) as door,
            browsing() as browser,
        ):
            found = run_client("sample_runs.py", folder / "client", door.url, root=door.root)
            page = Visit(browser).page
            _interface(page, f"{door.url}/#/experiments/{found['experiment']}/runs")
            _status(page, door)
    finally:
        shutil.rmtree(folder)


def _interface(page: Page, runs: str) -> None:
    page.set_viewport_size({"width": 1400, "height": 1050})
    page.goto(f"{runs}?workflowType=machine_learning&compareRunsMode=CHART")
    expect(page.locator(".js-plotly-plot")).to_have_count(6, timeout=PATIENCE_MS)
    _keep(page, "ui.png")


def _status(page: Page, door: Door) -> None:
    def is_published() -> bool:
        found = door.request("/studio/status").json()["published"] or {}
        return bool(found.get("published_at")) and not found["dirty"]

    wait_until(is_published, 60)
    page.set_viewport_size({"width": 1000, "height": 640})
    page.goto(f"{door.url}/studio/status")
    expect(page.get_by_text("Everything is published")).to_be_visible()
    _keep(page, "status.png")


def _keep(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(3000)  # for charts that are still being drawn; nobody waits for this
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture = page.screenshot(path=IMAGES / name)
    assert len(picture) < LARGEST_BYTES, f"{name} is too large: {len(picture)} bytes"


if __name__ == "__main__":
    main()
