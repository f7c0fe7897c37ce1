"""A plan, or what came of a deploy, as Markdown: for the summary of a CI job.

Made from the documents of `studioctl plan --json` and `deploy --json`, in which secrets are masked.
Whatever they quote from elsewhere is set as code: it can neither format the page nor link anywhere.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


def of_plan(document: Document) -> str:
    """Write what a deploy would do; without an action, what stands against it."""
    return "\n".join(_plan(document) if document.get("action") else _findings(document)) + "\n"


def of_deploy(document: Document) -> str:
    """Write what a deploy has done."""
    studio = document["studio"]
    rows = [
        f"### Studio {code(studio['name'])}: {document['action']}",
        "",
        f"* address: {code(document['url'] or 'none yet')}",
        f"* status: {code(studio['status'])}, ready: {code(document['ready'])}",
        f"* image: {code(document['image'])}",
        *(f"* done: {code(action)}" for action in document["actions"]),
        *(f"* **warning:** {code(warning)}" for warning in document["warnings"]),
    ]
    return "\n".join(rows) + "\n"


def of_error(command: str, said: str) -> str:
    """Write why a command gave no document, in its own words."""
    fence = _longer("~", said, least=3)
    return f"### studioctl {command} failed\n\n{fence}text\n{said.strip()}\n{fence}\n"


def code(text: object) -> str:
    """Set a text as code on one line, whatever is in it; safe in a table, too.

    >>> code("a|b"), code("x`y"), code("")
    ('`a\\\\|b`', '`` x`y ``', '` `')
    """
    line = " ".join(str(text).split()) or " "
    fence = _longer("`", line, least=1)
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}".replace("|", "\\|")


def _longer(mark: str, text: str, least: int) -> str:
    """Give a fence that the text cannot close."""
    return mark * max(least, 1 + max(map(len, re.findall(f"{mark}+", text)), default=0))


def _plan(document: Document) -> Iterator[str]:
    where = f" in {code(document['workspace'])}" if document["workspace"] else ""
    yield f"### Studio {code(document['name'])}{where}: {document['action']}"
    yield ""
    if document["loses_data"]:
        yield f"**It {document['loss']}.** A deploy has to accept this first: `--accept-data-loss`"
        yield ""
    yield f"* why: {code(document['why'])}"
    built = " (to be built first)" if document["image"]["to_build"] else ""
    yield f"* image: {code(document['image']['reference'])}{built}"
    yield f"* store: {code(document['store']['words'])}"
    for warning in document["warnings"]:
        yield f"* **warning:** {code(warning)}"
    if document["changes"]:
        yield ""
        yield "| what | is | will be | how |"
        yield "|---|---|---|---|"
    for change in document["changes"]:
        yield f"| {' | '.join(code(change[key]) for key in ('field', 'old', 'new', 'how'))} |"
    if document["steps"]:
        yield ""
    for number, step in enumerate(document["steps"], 1):
        yield f"{number}. {code(step)}"


def _findings(document: Document) -> Iterator[str]:
    yield "### Nothing can be deployed"
    yield ""
    for finding in document["findings"]:
        remedy = f": {code(finding['remedy'])}" if finding.get("remedy") else ""
        yield f"* **{finding['level']}** {code(finding['check'])}: {code(finding['text'])}{remedy}"
