"""The status document as a small page for people: no script, nothing loaded from elsewhere."""

import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from studio import keeping, status

_STYLE = """
:root { color-scheme: light dark; --text: #16202a; --soft: #4a5a68; --back: #fff; --line: #dde3e8;
        --ok: #1a7f37; --ok-back: #eaf6ed; --warning: #b35900; --warning-back: #fff4dd;
        --error: #b3261e; --error-back: #fdecea; --code: #f2f5f7; --link: #0b62c4 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e9ee; --soft: #9fb0bf; --back: #14191e; --line: #2c353e;
          --ok: #57c272; --ok-back: #14291b; --warning: #e79a3c; --warning-back: #33270f;
          --error: #f2857c; --error-back: #3a1917; --code: #1d242b; --link: #7ab8ff } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2.5rem auto; max-width: 50rem; padding: 0 1rem;
       color: var(--text); background: var(--back) }
h1 { font-size: 1.4rem; margin: 0 0 .2rem } h2 { font-size: 1.05rem; margin: 2rem 0 .3rem }
p { margin: .2rem 0 } .soft { color: var(--soft) } a { color: var(--link) }
section { margin: 1.2rem 0; padding: .7rem 1rem; border-left: 4px solid }
section p + p { margin-top: .4rem }
.ok { border-color: var(--ok); background: var(--ok-back) }
.warning { border-color: var(--warning); background: var(--warning-back) }
.error { border-color: var(--error); background: var(--error-back) }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem;
         border-top: 1px solid var(--line); overflow-wrap: anywhere }
th { font-weight: 600 } th[scope=row] { width: 11rem }
table.wide th[scope=row] { width: 22rem; font-weight: 400 }
pre { margin: .4rem 0; padding: .5rem .7rem; background: var(--code); overflow-x: auto;
      font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere }
"""


def render(document: Mapping[str, Any], now: float, root: str) -> str:
    """An HTML page; `root` is the address of the MLflow UI as this browser sees it."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>MLflow Studio status</title><style>{_STYLE}</style>"
        f"<h1>MLflow Studio</h1><p class=soft>version {escape(document['version'])}, "
        f"MLflow {escape(document['mlflow'])} · <a href='{escape(root)}'>open MLflow</a></p>"
        + _box(document["keeping"]["level"], document["keeping"]["says"])
        + _box("warning", [w for w in document["warnings"] if not _is_said(w, document)])
        + _table((), _rows(document, now))
        + _lineages(document, now)
        + _stores(document)
        + "</html>"
    )


def _is_said(warning: str, document: Mapping[str, Any]) -> bool:
    return any(warning.endswith(line) for line in document["keeping"]["says"])


def _box(level: str, lines: Sequence[str]) -> str:
    said = "".join(f"<p>{escape(line[:1].upper() + line[1:])}" for line in lines)
    return f"<section class={level}>{said}</section>" if said else ""


def _table(head: Sequence[str], rows: Sequence[tuple[object, ...]]) -> str:
    top = "".join(f"<th>{escape(name)}" for name in head)
    lines = [f"<tr>{top}"] if top else []
    for first, *rest in rows:
        cells = "".join(f"<td>{escape(str(cell))}" for cell in rest)
        lines.append(f"<tr><th scope=row>{escape(str(first))}{cells}")
    return f"<table{' class=wide' if head else ''}>{''.join(lines)}</table>"


def _rows(document: Mapping[str, Any], now: float) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        ("Kept", document["kept"]),
        ("Database", f"{document['database']['kind']}: {document['database']['place']}"),
        ("Artifacts", document["artifacts"]["place"] or document["artifacts"]["root"]),
        ("Answers", status.hosts(document)),
        ("Server processes", document["workers"]),
        ("Background jobs", "on" if document["jobs"] else "off"),
    ]
    if document["restored"]:
        rows.insert(1, ("Began with", document["restored"]))
    if document["why"]:
        rows.insert(1, ("Because", document["why"]))
    if document["started_at"]:
        rows.append(("Running for", keeping.ago(now - document["started_at"])))
    return rows


def _lineages(document: Mapping[str, Any], now: float) -> str:
    """The ends of all lineages, when there is more than the one that this server continues."""
    ends = [*document["forks"], *document["appeared"]]
    if not ends:
        return ""
    ours = document["continues"]
    rows = [
        (
            end["state"] + (" (continued here)" if _sid(end["state"]) == ours else ""),
            _date(end["published_at"], now),
            "?" if end["runs"] is None else end["runs"],
        )
        for end in ends
    ]
    example = next((e["state"] for e in ends if _sid(e["state"]) != ours), ends[0]["state"])
    return (
        "<h2>Lineages on this data link</h2>"
        "<p class=soft>All of them are kept, whichever this server continues. On a computer where "
        "the data link's folder is mounted or copied, this gets one of them as an ordinary "
        "database:</p>"
        f"<pre>studioctl snapshots export FOLDER {escape(example)} -o other.db\n"
        "mlflow ui --backend-store-uri sqlite:///other.db</pre>"
        "<p class=soft>A Studio continues the one that STUDIO_RESTORE_FROM names.</p>"
        + _table(("Newest state", "Published", "Runs"), rows)
    )


def _stores(document: Mapping[str, Any]) -> str:
    found, incomplete = document["found"], document["search_incomplete"]
    if not found and not incomplete:
        return ""
    parts = [
        "<h2>Also on the data links</h2><p class=soft>These are not this Studio's and are left as "
        "they are. The commands make a database of each, on a computer where the folder is "
        "mounted or copied; the README, “Bring older runs in”, says what to do with it.</p>"
    ]
    for store in found:
        parts.append(f"<p><b>{escape(store['path'])}</b>: {escape(store['holds'])}</p>")
        parts.append(f"<pre>{escape(chr(10).join(store['commands']))}</pre>")
    if incomplete:
        parts.append(f"<p class=soft>The search ended {escape(incomplete)}.</p>")
    return "".join(parts)


def _sid(state: str) -> str:
    return state.partition("/")[0]


def _date(at: float, now: float) -> str:
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
    return f"{day}, {keeping.ago(now - at)} ago"
