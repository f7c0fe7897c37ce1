"""What a person sees: a real browser, through a real proxy with TLS, and nothing goes wrong."""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.e2e.another_process import run_client
from tests.e2e.browser import PATIENCE_MS, Visit, again_when_disturbed, browsing
from tests.e2e.caddy import Door
from tests.e2e.session import SHAPES, Shape, proxied

pytestmark = [pytest.mark.mlflow, pytest.mark.caddy, pytest.mark.browser]
expect.set_options(timeout=PATIENCE_MS)

# MLflow's own page asks two questions to which the good answer is "404 not found", and browsers
# write each 404 to their console: who is logged in (nobody: MLflow's logins are off), and which
# experiment has the name of the one about to be created (none).
NOT_FOUND_IS_FINE = (
    re.compile(r"/ajax-api/2\.0/mlflow/users/current(?![\w/])"),
    re.compile(r"/ajax-api/2\.0/mlflow/experiments/get-by-name\?"),
)
PAGES = {
    "experiments": "Experiments",
    "prompts": "Prompts",
    "mcp-registry": "MCP Registry",
    "gateway": "Endpoints",
    "models": "Registered Models",
    "settings": "General",
}
UPLOAD = "/ajax-api/2.0/mlflow/upload-artifact"
PARENT, SIBLING = "connect.localhost", "evil.connect.localhost"


def problems(visit: Visit) -> list[str]:
    """All that went wrong on a page, less the two answers above."""
    return [
        problem
        for problem in visit.problems
        if not ("404" in problem and any(fine.search(problem) for fine in NOT_FOUND_IS_FINE))
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture
def visit(browser: Browser) -> Visit:
    return Visit(browser)


def framing(url: str) -> str:
    """The proxy's rules for a host whose every page shows that address in a frame."""
    page = f"<!doctype html><title>outer</title><iframe src={url} width=900 height=600></iframe>"
    return f"header Content-Type text/html\nrespond `{page}`"


@contextlib.contextmanager
def opened(tmp_path: Path, database: Path, shape: Shape) -> Iterator[Door]:
    """A Studio whose parent domain and whose sibling both show it in a frame."""
    address = f"https://{shape.host}:{{http.request.port}}{shape.prefix}/"
    others = {host: framing(address) for host in (PARENT, SIBLING) if host != shape.host}
    with proxied(tmp_path, database, shape, neighbours=others) as door:
        yield door


@pytest.mark.parametrize("shape", ["own host", "prefix kept"])
@again_when_disturbed
def test_a_person_creates_an_experiment_sees_a_logged_run_and_deletes_it(
    shape: str, tmp_path: Path, migrated_database: Path, visit: Visit
) -> None:
    page = visit.page
    with proxied(tmp_path, migrated_database, SHAPES[shape]) as door:
        page.goto(f"{door.url}/")
        expect(page.get_by_text("Welcome to MLflow")).to_be_visible()

        page.goto(f"{door.url}/#/experiments")
        page.get_by_test_id("create-experiment-button").click()
        form = page.get_by_role("dialog")
        form.get_by_placeholder("Input an experiment name").fill("variant-calling-qc")
        form.get_by_role("button", name="Create").click()
        page.wait_for_url(re.compile(r"#/experiments/\d+"))
        experiment = re.search(r"#/experiments/(\d+)", page.url)
        assert experiment

        run = run_client("one_run.py", tmp_path, door.url, "variant-calling-qc", root=door.root)
        page.goto(f"{door.url}/#/experiments/{experiment[1]}/runs")
        page.get_by_role("link", name=run["name"]).click()
        expect(page.get_by_role("heading", name=run["name"])).to_be_visible()
        expect(page.get_by_text("f1_snp", exact=True)).to_be_visible()
        expect(page.get_by_text("0.9957")).to_be_visible()
        expect(page.get_by_text("GRCh38")).to_be_visible()

        page.get_by_role("tab", name="Model metrics").click()
        expect(page.locator(".js-plotly-plot").first).to_be_visible()

        page.get_by_test_id("overflow-menu-trigger").click()
        page.get_by_role("menuitem", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete selected").click()
        expect(page.get_by_role("heading", name=run["name"])).to_be_hidden()
        assert stage(door, run["id"]) == "deleted"
        page.goto(f"{door.url}/#/experiments/{experiment[1]}/runs")
        expect(page.get_by_text("No runs logged")).to_be_visible()

        assert problems(visit) == []
        assert visit.hosts == {door.site.address}


def stage(door: Door, run: str) -> str:
    answer = door.request(f"/api/2.0/mlflow/runs/get?run_id={run}").json()
    return str(answer["run"]["info"]["lifecycle_stage"])


@again_when_disturbed
def test_the_other_pages_of_the_interface_load_cleanly(
    tmp_path: Path, migrated_database: Path, visit: Visit
) -> None:
    with proxied(tmp_path, migrated_database, SHAPES["prefix stripped"]) as door:
        for name, heading in PAGES.items():
            visit.page.goto(f"{door.url}/#/{name}")
            expect(visit.page.get_by_role("heading", name=heading).first).to_be_visible()
        assert problems(visit) == []
        assert visit.hosts == {door.site.address}


@again_when_disturbed
def test_the_status_page_says_it_in_words(
    tmp_path: Path, migrated_database: Path, visit: Visit
) -> None:
    with proxied(tmp_path, migrated_database, SHAPES["prefix kept"]) as door:
        visit.page.goto(f"{door.url}/studio/status")
        expect(visit.page.get_by_role("heading", name="MLflow Studio")).to_be_visible()
        for words in ("no data link is mounted", "same origin only"):
            expect(visit.page.get_by_text(words).first).to_be_visible()
        visit.page.get_by_role("link", name="open MLflow").click()
        expect(visit.page.get_by_text("Welcome to MLflow")).to_be_visible()
        assert problems(visit) == []
        assert visit.hosts == {door.site.address}


@again_when_disturbed
def test_the_parent_domain_may_show_the_studio_in_a_frame(
    tmp_path: Path, migrated_database: Path, visit: Visit
) -> None:
    with opened(tmp_path, migrated_database, SHAPES["own host"]) as door:
        visit.page.goto(f"https://{PARENT}:{door.site.port}/")
        inside = visit.page.frame_locator("iframe")
        expect(inside.get_by_text("Welcome to MLflow")).to_be_visible()
        assert problems(visit) == []


@again_when_disturbed
def test_a_page_of_a_sibling_may_neither_frame_nor_command_the_studio(
    tmp_path: Path, migrated_database: Path, visit: Visit
) -> None:
    with opened(tmp_path, migrated_database, SHAPES["own host"]) as door:
        with visit.page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            visit.page.goto(f"https://{SIBLING}:{door.site.port}/")
        assert inner(visit.page).url == "chrome-error://chromewebdata/"

        create = json.dumps({"experiment_id": "0"}).encode()
        answer = door.request("/api/2.0/mlflow/runs/create", create).json()
        run = answer["run"]["info"]["run_id"]
        plant(visit.page, f"{door.url}{UPLOAD}?run_uuid={run}&path=siblings.txt")
        visit.page.goto(f"{door.url}/studio/health")
        plant(visit.page, f"{door.url}{UPLOAD}?run_uuid={run}&path=ours.txt")
        found = door.request(f"/api/2.0/mlflow/artifacts/list?run_id={run}").json()
        assert [file["path"] for file in found["files"]] == ["ours.txt"]


def plant(page: Page, url: str) -> None:
    """Let a page upload a file, with all that the browser knows of our visitor.

    It is a request that browsers send to other origins without asking them first.
    """
    send = """url => fetch(url, {
        method: "POST", body: "planted", mode: "no-cors", credentials: "include",
    })"""
    page.evaluate(send, url)


def inner(page: Page) -> Frame:
    """The frame inside a page."""
    (found,) = [frame for frame in page.frames if frame.parent_frame]
    return found
