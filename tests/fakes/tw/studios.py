"""What the subcommands of `tw studios` ask of the Platform, in tw's order and with its defaults."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.tw import lookups
from tests.fakes.tw.client import Failed
from tests.fakes.tw.commands import STATUSES
from tests.fakes.tw.session import Session

NULLABLE = ("environment", "mountData", "mountDataV2", "sshEnabled")
# Members of a configuration that no option changes, or only as a list. Others its SDK loses.
KEPT = ("condaEnvironment", "mountData", "mountDataV2")


def add(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    if not (given.get("template") or given.get("custom_template") or given.get("repository")):
        raise Failed("Provide one of --template, --custom-template or --repository")
    if given.get("revision") and not given.get("repository"):
        raise Failed("--revision needs --repository")
    if given.get("template"):
        lookups.known_template(session, given["template"])
    elif given.get("conda_env_yaml") or given.get("conda_env_yml"):
        raise Failed("Conda environment can not be used with a custom template")
    labels = lookups.label_ids(session, given.get("labels"))
    allowed = [int(given["allow_user"])] if given.get("allow_user") else None
    compute_env = lookups.compute_env(session, given["compute_env"])
    body = {
        "name": given["name"],
        "labelIds": labels,
        "isPrivate": given.get("private", False),
        "allowedUserIds": allowed,
        "dataStudioToolUrl": given.get("template") or given.get("custom_template"),
        "computeEnvId": compute_env,
        "spot": given.get("spot"),
        "remoteConfig": None,
        "configuration": {
            "gpu": 0,
            "cpu": 2,
            "memory": 8192,
            **configuration(session, given, {}),
        },
    }
    if given.get("description"):
        body["description"] = given["description"]
    if given.get("repository"):
        remote = {"repository": given["repository"], "revision": given.get("revision")}
        body["remoteConfig"] = remote
    starts = given.get("auto_start", False)
    studio = session.call("POST", "/studios", body, autoStart=starts)["studio"]
    # The names of the workspace are only looked up now: a failure here hides a Studio that exists.
    return {
        "sessionId": studio["sessionId"],
        "workspaceRef": session.reference,
        "workspaceId": session.workspace,
        "autoStart": starts,
        "studioUrl": f"{session.page}/studios/{studio['sessionId']}/connect",
    }


def start(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    studio = lookups.studio(session, given)
    body = {
        "configuration": configuration(session, given, studio.get("configuration") or {}),
        "description": given.get("description", studio.get("description")),
        "labelIds": lookups.label_ids(session, given.get("labels")),
        "spot": given.get("spot"),
        "allowedUserIds": None,
    }
    answer = session.call("PUT", f"/studios/{studio['sessionId']}/start", body)
    return {
        "sessionId": studio["sessionId"],
        "userSuppliedStudioIdentifier": given.get("id") or given.get("name"),
        "studioUrl": f"{session.page}/studios/{studio['sessionId']}/connect",
        "workspaceId": session.workspace,
        "workspaceRef": session.reference,
        "jobSubmitted": answer.get("jobSubmitted"),
    }


def stop(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    id_ = given.get("id") or lookups.studio(session, given)["sessionId"]
    answer = session.call("PUT", f"/studios/{id_}/stop")
    return {
        "sessionId": id_,
        "userSuppliedStudioIdentifier": given.get("id") or given.get("name"),
        "workspaceId": session.workspace,
        "workspaceRef": session.reference,
        "jobSubmitted": answer.get("jobSubmitted"),
    }


def view(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"studio": lookups.studio(session, given), "workspaceRef": session.reference}


def list_(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    if "page" in given and "offset" in given:
        raise Failed("Please use either --page or --offset as pagination parameter")
    most = given.get("max", 100)
    offset = given.get("offset", (given.get("page", 1) - 1) * most)
    attributes = "labels" if given.get("labels") else None
    query = {"search": given.get("filter"), "max": most, "offset": offset}
    found = session.call("GET", "/studios", **query, attributes=attributes)
    return {
        "workspaceRef": session.reference,
        "studios": found.get("studios", []),
        "showLabels": bool(attributes),
    }


def update(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    studio = lookups.studio(session, given)
    body = {
        "name": given.get("new_name", studio["name"]),
        "description": given.get("description", studio.get("description")),
        "configuration": configuration(session, given, studio.get("configuration") or {}),
        "labelIds": lookups.label_ids(session, given.get("labels")),
    }
    if given.get("compute_env"):
        body["computeEnvId"] = lookups.compute_env(session, given["compute_env"])
    session.call("PUT", f"/studios/{studio['sessionId']}", body)
    return {
        "sessionId": studio["sessionId"],
        "userSuppliedStudioIdentifier": given.get("id") or given.get("name"),
        "workspaceId": session.workspace,
        "workspaceRef": session.reference,
    }


def delete(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    id_ = given.get("id") or lookups.studio(session, given)["sessionId"]
    session.call("DELETE", f"/studios/{id_}")
    return {
        "userSuppliedStudioIdentifier": given.get("id") or given.get("name"),
        "workspaceRef": session.reference,
    }


def templates(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    query = {"max": given.get("max", lookups.TEMPLATES_LOOKED_AT), "offset": 0}
    return {"templates": session.call("GET", "/studios/templates", **query).get("templates", [])}


def configuration(
    session: Session, given: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole of it: what was there, and over it what the options say."""
    changed = {
        "gpu": given.get("gpu"),
        "cpu": given.get("cpu"),
        "memory": given.get("memory"),
        "lifespanHours": given.get("lifespan"),
        "environment": given.get("env"),
        "sshEnabled": given.get("ssh"),
    }
    there = {name: before.get(name) for name in (*changed, *KEPT)}
    found = present({**there, **present(changed)})
    mounts = lookups.mounts(session, given)
    if mounts is not None:
        found["mountData"] = mounts
        found.pop("mountDataV2", None)
    # Null where the SDK's model allows it, and nothing where it does not.
    return {**dict.fromkeys(NULLABLE), **found}


def awaited(session: Session, id_: str, target: str) -> bool:
    """Poll until the status is at the target or behind it in tw's order; tell if it is the target.

    There is no limit. A failed poll counts as the last status of all.
    """
    last = len(STATUSES)
    pause = 2.0
    while True:
        session.sleep(pause)
        pause = min(120, pause + 1)
        try:
            info = session.call("GET", f"/studios/{id_}").get("statusInfo") or {}
            status = info.get("status")
        except Failed:
            status = None
        position = STATUSES.index(status) if status in STATUSES else last
        if position >= STATUSES.index(target) or status in ("stopped", "errored", "running"):
            return status == target


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not given."""
    return {name: value for name, value in values.items() if value is not None}
