"""The fake Platform's data links, with a real folder as the content of each."""

from pathlib import Path
from typing import Any

from tests.fakes.seqera.house import NEWER, Asked, House, Route
from tests.fakes.seqera.records import Link, Studio, mounted_ids
from tests.fakes.seqera.searching import fits
from tests.fakes.server import Reply
from tests.fakes.validation import Refusal

USUAL_ITEMS = 100


class Links:
    """Data links of all workspaces. The list is incomplete while a cache is filled."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.all: dict[str, Link] = {}
        # How long the list is being built, from the first look at it.
        self.filling_s = 0.0
        self.looked_at: float | None = None

    def routes(self) -> list[Route]:
        one = r"/data-links/([^/]+)"
        return [
            ("GET", "/data-links", self._list),
            ("GET", "/data-links/cache/refresh", self._refresh),
            ("GET", one, self._describe),
            ("GET", one + r"/browse(?:/(.*))?", self._browse),
            ("GET", one + r"/download/(.+)", self._download),
        ]

    def add(self, workspace: int | None, name: str, uri: str, **more: Any) -> Link:
        """Add a discovered one, or with `custom=True` one that somebody made."""
        kind = "user" if more.pop("custom", False) else "cloud"
        id_ = f"v1-{kind}-{len(self.all) + 1:032x}"
        self.all[id_] = Link(id_, workspace, name, uri, **more)
        return self.all[id_]

    def mounted(self, studio: Studio) -> list[Link]:
        """List the links of a Studio that are still there."""
        found = map(self.all.get, mounted_ids(studio.configuration))
        return [link for link in found if link]

    def document(self, link: Link) -> dict[str, Any]:
        known = {
            "id": link.id,
            "name": link.name,
            "resourceRef": link.uri,
            "type": "bucket",
            "provider": link.provider,
            "region": link.region,
            "status": link.status,
            "message": link.message,
            "hidden": link.hidden,
            "publicAccessible": False,
        }
        present = {name: value for name, value in known.items() if value is not None}
        return {**present, "credentials": [], **NEWER}

    def _filling(self) -> bool:
        if self.looked_at is None:
            self.looked_at = self.house.now()
        return self.house.now() < self.looked_at + self.filling_s

    def _refresh(self, asked: Asked) -> Reply:
        self.looked_at = self.house.now()
        return Reply(200)

    def _list(self, asked: Asked) -> Reply:
        if self._filling():
            return Reply.exactly({"dataLinks": [], "totalSize": 0}, 202)
        wished = asked.text("search") or ""
        visible = asked.text("visibility") or "visible"
        found = [
            link
            for link in self.all.values()
            if link.workspace == asked.workspace.id and _fits(link, wished)
            if visible == "all" or link.hidden == (visible == "hidden")
        ]
        listed = [self.document(link) for link in asked.page(found)]
        return Reply.exactly({"dataLinks": listed, "totalSize": len(found)})

    def _found(self, asked: Asked) -> Link:
        link = self.all.get(asked.parts[0])
        if link is None or link.workspace != asked.workspace.id:
            raise Refusal(404, f"Data-link '{asked.parts[0]}' not found")
        return link

    def _describe(self, asked: Asked) -> Reply:
        return Reply.exactly({"dataLink": self.document(self._found(asked))})

    def _browse(self, asked: Asked) -> Reply:
        link = self._found(asked)
        path = asked.parts[1]
        prefix = asked.text("search") or ""
        folder = _inside(link, path)
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        items = [_item(entry) for entry in entries if entry.name.startswith(prefix)]
        begin = asked.number("nextPageToken", 0)
        size = asked.number("pageSize", USUAL_ITEMS)
        document = {"originalPath": path, "objects": items[begin : begin + size], **NEWER}
        if begin + size < len(items):
            document["nextPageToken"] = str(begin + size)
        return Reply.exactly(document)

    def _download(self, asked: Asked) -> Reply:
        path = _inside(self._found(asked), asked.parts[1])
        if not path.is_file():
            raise Refusal(404, f"File '{asked.parts[1]}' not found")
        return Reply(200, path.read_bytes(), "application/octet-stream")


def _fits(link: Link, wished: str) -> bool:
    own = {"region": link.region, "provider": link.provider, "resourceRef": link.uri}
    return fits(wished, own, (link.name,))


def _inside(link: Link, path: str) -> Path:
    if link.folder is None or link.status != "VALID":
        raise Refusal(400, f"Unable to access the data-link '{link.name}'")
    if ".." in path.split("/"):
        raise Refusal(400, f"Invalid path: {path}")
    return link.folder / path.strip("/")


def _item(path: Path) -> dict[str, Any]:
    if path.is_dir():
        return {"type": "FOLDER", "name": f"{path.name}/", "size": 0}
    return {
        "type": "FILE",
        "name": path.name,
        "size": path.stat().st_size,
        "mimeType": "application/octet-stream",
    }
