"""The status document as a small page for people: no script, nothing loaded from elsewhere."""

from collections.abc import Mapping
from html import escape
from typing import Any

from studio import status

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2.5rem auto; max-width: 46rem; padding: 0 1rem;
       color: #16202a; background: #fff }
h1 { font-size: 1.4rem; margin: 0 0 .2rem } p { margin: .2rem 0 1.2rem; color: #4a5a68 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem;
         border-top: 1px solid #dde3e8 }
th { width: 11rem; font-weight: 600 } td { overflow-wrap: anywhere }
ul { padding: .7rem 1rem .7rem 2rem; background: #fff4dd; border-left: 4px solid #c77700 }
@media (prefers-color-scheme: dark) {
  body { color: #e4e9ee; background: #14191e } p { color: #9fb0bf }
  th, td { border-color: #2c353e } ul { background: #3a2d10 } a { color: #7ab8ff } }
"""


def render(document: Mapping[str, Any], now: float, root: str) -> str:
    """An HTML page; `root` is the address of the MLflow UI as this browser sees it."""
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}<td>{escape(str(value))}"
        for name, value in _rows(document, now)
    )
    warnings = "".join(f"<li>{escape(line)}" for line in document["warnings"])
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>MLflow Studio status</title><style>{_STYLE}</style>"
        f"<h1>MLflow Studio</h1><p>version {escape(document['version'])}, "
        f"MLflow {escape(document['mlflow'])} · <a href='{escape(root)}'>open MLflow</a></p>"
        + (f"<ul>{warnings}</ul>" if warnings else "")
        + f"<table>{rows}</table></html>"
    )


def _rows(document: Mapping[str, Any], now: float) -> list[tuple[str, object]]:
    published = document["published"]
    rows: list[tuple[str, object]] = [
        ("Kept", document["kept"]),
        ("Published", _published(published, now) if published else "nothing is published"),
        ("Database", f"{document['database']['kind']}: {document['database']['place']}"),
        ("Artifacts", document["artifacts"]["place"] or document["artifacts"]["root"]),
        ("Answers", status.hosts(document)),
        ("Server processes", document["workers"]),
        ("Background jobs", "on" if document["jobs"] else "off"),
    ]
    if document["why"]:
        rows.insert(1, ("Because", document["why"]))
    if document["started_at"]:
        rows.append(("Running for", _ago(now - document["started_at"])))
    return rows


def _published(published: Mapping[str, Any], now: float) -> str:
    at = published.get("published_at")
    if not at:
        return "not yet in this session"
    state = f"state {published.get('session')}/{published.get('seq')}, {_ago(now - at)} ago"
    return state + ("; newer changes follow" if published.get("dirty") else "; up to date")


def _ago(seconds: float) -> str:
    if seconds < 90:
        return f"{max(0, seconds):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
