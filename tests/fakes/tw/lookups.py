"""What tw asks for before it acts: it takes names, and the Platform takes ids."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.tw.client import Failed
from tests.fakes.tw.session import Session

TEMPLATES_LOOKED_AT = 20
LABELS_A_PAGE = 100


def mounts(session: Session, given: Mapping[str, Any]) -> list[str] | None:
    kinds = [k for k in ("mount_data", "mount_data_ids", "mount_data_uris") if k in given]
    if not kinds:
        return None
    if len(kinds) > 1:
        raise Failed(
            "Error: --mount-data, --mount-data-ids, --mount-data-uris are mutually exclusive "
            "(specify only one)"
        )
    if kinds == ["mount_data_ids"]:
        return list(given["mount_data_ids"])
    while session.api.call("GET", "/data-links", workspaceId=session.workspace, max=1)[0] == 202:
        session.sleep(2)
    by_uri = kinds == ["mount_data_uris"]
    return [_link(session, text, by_uri=by_uri) for text in given[kinds[0]]]


def _link(session: Session, text: str, *, by_uri: bool) -> str:
    search = f"resourceRef:{text}" if by_uri else text
    # Only the first page of the search is looked at.
    found = session.call("GET", "/data-links", search=search).get("dataLinks", [])
    member = "resourceRef" if by_uri else "name"
    ids = [link["id"] for link in found if link.get(member) == text]
    if not ids:
        raise Failed(f"DataLink '{search}' not found at workspace '{session.workspace}'")
    if len(ids) > 1:
        listed = ", ".join(ids)
        raise Failed(f"Multiple DataLink items found for {search}. Found DataLink IDs: [{listed}]")
    return str(ids[0])


def compute_env(session: Session, wanted: str) -> str:
    found = session.call("GET", "/compute-envs", status="AVAILABLE").get("computeEnvs", [])
    for each in found:
        if wanted in (each["id"], each["name"]):
            detail = session.call("GET", f"/compute-envs/{each['id']}")["computeEnv"]
            return str(detail["id"])
    place = session.workspace or "user"
    raise Failed(f"Compute environment '{wanted}' not found at {place} workspace")


def known_template(session: Session, wanted: str) -> None:
    query = {"max": TEMPLATES_LOOKED_AT, "offset": 0}
    found = session.call("GET", "/studios/templates", **query).get("templates", [])
    known = [each.get("repository") for each in found]
    if wanted not in known:
        raise Failed(f"Studio template '{wanted}' not found. Available templates: {known}")


def label_ids(session: Session, labels: list[tuple[str, str] | None] | None) -> list[int] | None:
    """Look each label up, page by page, and make it where there is none."""
    if labels is None:
        return None
    if all(label is None for label in labels):
        return []
    if None in labels:
        raise TypeError("java.lang.NullPointerException")
    return [_label(session, *label) for label in labels if label]


def _label(session: Session, name: str, value: str) -> int:
    offset, total = 0, LABELS_A_PAGE + 1
    while offset + LABELS_A_PAGE < total or not offset:
        query = {"max": LABELS_A_PAGE, "offset": offset, "search": name, "type": "resource"}
        page = session.call("GET", "/labels", **query)
        total = page.get("totalSize", 0)
        for each in page.get("labels", []):
            if (each["name"], each.get("value")) == (name, value):
                return int(each["id"])
        offset += LABELS_A_PAGE
    body = {"name": name, "value": value, "resource": True}
    return int(session.call("POST", "/labels", body)["id"])


def studio(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    """By id the whole record; by name the entry of the list's first page."""
    wanted = given.get("id") or given["name"]
    missing = Failed(
        f"Studio '{wanted}' not found at workspace '{session.workspace_text or 'null'}'"
    )
    if given.get("id"):
        try:
            return dict(session.call("GET", f"/studios/{given['id']}"))
        except Failed as error:
            raise missing if error.status == 404 else error from error
    for each in session.call("GET", "/studios").get("studios", []):
        if each["name"] == wanted:
            return dict(session.call("GET", f"/studios/{each['sessionId']}"))
    raise missing
