"""The fake Platform's data links, labels and compute environments."""

from pathlib import Path

import pytest

from tests.fakes.asking import Client


def listed(client: Client, **query: str) -> list[str]:
    return [each["name"] for each in client.get("/data-links", **query)["dataLinks"]]


def test_the_list_of_links_is_202_while_a_cache_fills(client: Client) -> None:
    client.platform.add_link("runs", "s3://acme/runs")
    client.platform.links.filling_s = 5
    assert [client("GET", "/data-links").status_code for _ in range(2)] == [202, 202]
    client.clock.sleep(5)
    assert listed(client) == ["runs"]
    client("GET", "/data-links/cache/refresh")
    assert client("GET", "/data-links").status_code == 202


def test_one_bucket_may_be_two_links(client: Client) -> None:
    client.platform.add_link("runs", "s3://acme/runs")
    client.platform.add_link("runs", "s3://acme/runs", custom=True)
    found = client.get("/data-links", search="runs")["dataLinks"]
    assert [each["id"][:8] for each in found] == ["v1-cloud", "v1-user-"]


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("run", ["runs", "old runs"]),
        ("resourceRef:s3://acme/runs", ["runs"]),
        ("provider:google", ["other"]),
        ("region:eu-west-1 old", ["old runs"]),
    ],
)
def test_links_are_searched_by_name_and_keywords(
    client: Client, search: str, names: list[str]
) -> None:
    client.platform.add_link("runs", "s3://acme/runs")
    client.platform.add_link("old runs", "s3://acme/old")
    client.platform.add_link("other", "gs://other", provider="google", region="europe-west1")
    assert listed(client, search=search) == names


def test_links_come_in_pages_and_hidden_ones_only_when_asked_for(client: Client) -> None:
    for number in range(103):
        client.platform.add_link(f"l{number}", f"s3://l{number}")
    client.platform.add_link("secret", "s3://secret", hidden=True)
    page = client.get("/data-links", max=100, offset=100)
    assert ([each["name"] for each in page["dataLinks"]], page["totalSize"]) == (
        ["l100", "l101", "l102"],
        103,
    )
    assert listed(client, visibility="hidden") == ["secret"]


def test_a_link_is_a_folder_to_look_into(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a folder/deeper").mkdir(parents=True)
    (tmp_path / "a folder/ü.txt").write_text("hello")
    (tmp_path / "top").write_text("")
    link = client.platform.add_link("runs", "s3://acme/runs", folder=tmp_path)
    at = f"/data-links/{link.id}"
    top = client.get(f"{at}/browse")["objects"]
    assert [(each["name"], each["type"]) for each in top] == [
        ("a folder/", "FOLDER"),
        ("top", "FILE"),
    ]
    inside = client.get(f"{at}/browse/a%20folder")["objects"]
    assert [(each["name"], each["size"]) for each in inside] == [("deeper/", 0), ("ü.txt", 5)]
    # The same with the path as one part, as generated clients send it.
    assert client.get(f"{at}/browse/a%20folder%2Fdeeper")["objects"] == []
    assert client("GET", f"{at}/download/a%20folder%2F%C3%BC.txt").content == b"hello"
    assert client("GET", f"{at}/download/nothing").status_code == 404
    assert client("GET", f"{at}/browse/..%2F").status_code == 400


def test_a_folder_is_told_in_pages(client: Client, tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"f{number}").touch()
    link = client.platform.add_link("runs", "s3://acme/runs", folder=tmp_path)
    names, token = [], "0"
    while token:
        page = client.get(f"/data-links/{link.id}/browse", pageSize=3, nextPageToken=token)
        names += [each["name"] for each in page["objects"]]
        token = page.get("nextPageToken")
    assert names == [f"f{number}" for number in range(7)]


def test_an_invalid_link_is_described_but_cannot_be_looked_into(
    client: Client, tmp_path: Path
) -> None:
    link = client.platform.add_link(
        "runs", "s3://acme/runs", folder=tmp_path, status="INVALID", message="no credentials"
    )
    shown = client.get(f"/data-links/{link.id}")["dataLink"]
    assert (shown["status"], shown["message"]) == ("INVALID", "no credentials")
    assert client("GET", f"/data-links/{link.id}/browse").status_code == 400


def label(client: Client, name: str, value: str) -> int:
    return client("POST", "/labels", {"name": name, "value": value, "resource": True}).status_code


def test_a_label_is_made_once(client: Client) -> None:
    sent = {"name": "team", "value": "ml", "resource": True}
    ids = {client("POST", "/labels", sent).json()["id"] for _ in range(2)}
    assert len(ids) == 1
    client("POST", "/labels", {"name": "plain"})
    assert [each["name"] for each in client.get("/labels", type="resource")["labels"]] == ["team"]
    assert [each["name"] for each in client.get("/labels", type="simple")["labels"]] == ["plain"]
    assert client.get("/labels", type="all", search="te")["totalSize"] == 1


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("mlflow-dev_2", 200),
        ("ab", 200),
        ("x" * 39, 200),
        ("a", 400),
        ("x" * 40, 400),
        ("a.b", 400),
        ("-ab", 400),
        ("ab_", 400),
        ("a--b", 400),
        ("a-_b", 400),
        ("awsome", 400),
        ("grün", 400),
    ],
)
def test_labels_have_few_characters(client: Client, word: str, status: int) -> None:
    assert (label(client, word, "value"), label(client, "name", word)) == (status, status)


def test_a_workspace_has_a_thousand_labels_and_a_studio_25(client: Client) -> None:
    ids = [client.platform.add_label(f"n{n}", "value").id for n in range(999)]
    assert [label(client, "last", "one"), label(client, "no", "more")] == [200, 403]
    assert label(client, "last", "one") == 200
    assert client.create("a", labelIds=ids[:25]).status_code == 200
    assert client.create("b", labelIds=ids[:26]).status_code == 400


def test_a_studio_has_one_label_of_a_name_and_resource_labels_only(client: Client) -> None:
    one, two = (client.platform.add_label("team", value).id for value in ("ml", "bio"))
    plain = client.platform.add_label("plain", None).id
    elsewhere = client.platform.add_label("team", "ml", workspace=72).id
    assert [
        client.create("s", labelIds=ids).status_code for ids in ([one, two], [plain], [elsewhere])
    ] == [400] * 3


def test_a_studio_inherits_its_environments_labels_unless_it_names_some(client: Client) -> None:
    environment = next(iter(client.platform.environments.all.values()))
    environment.labels = [client.platform.add_label("cost", "center")]
    (row,) = client.get("/compute-envs", attributes="labels")["computeEnvs"]
    assert [each["name"] for each in row["labels"]] == ["cost"]
    names = []
    wished: tuple[list[int] | None, ...] = (None, [])
    for number, ids in enumerate(wished):
        shown = client.get(f"/studios/{client.created(f's{number}', labelIds=ids)}")
        names.append([each["name"] for each in shown["labels"]])
    assert names == [["cost"], []]


def test_a_label_is_deleted_by_an_admin_when_nothing_carries_it(client: Client) -> None:
    used, unused = (client.platform.add_label("team", value).id for value in ("ml", "bio"))
    client.created(labelIds=[used])
    assert client("DELETE", f"/labels/{unused}").status_code == 403
    client.platform.workspaces[0].roles = ["admin"]
    assert client("DELETE", f"/labels/{used}").status_code == 400
    assert client("DELETE", f"/labels/{unused}").status_code == 204
    assert client("DELETE", f"/labels/{unused}").status_code == 403


def test_environments_are_listed_and_described(client: Client) -> None:
    client.platform.add_compute_env("off", status="DISABLED", message="switched off")
    cloud = client.platform.add_compute_env("cloud", platform="aws-cloud", allowBuckets=["s3://a"])
    client.platform.add_compute_env("elsewhere", workspace=72)
    names = [each["name"] for each in client.get("/compute-envs")["computeEnvs"]]
    assert names == ["aws-eu", "off", "cloud"]
    found = client.get("/compute-envs", status="DISABLED")["computeEnvs"]
    assert [each["message"] for each in found] == ["switched off"]
    config = client.get(f"/compute-envs/{cloud.id}")["computeEnv"]["config"]
    assert (config["discriminator"], config["allowBuckets"]) == ("aws-cloud", ["s3://a"])
    assert client("GET", "/compute-envs/unknown").status_code == 403
