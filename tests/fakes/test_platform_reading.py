"""What the fake Platform tells of its Studios: lists, pages, searches and one of them."""

import pytest

from tests.fakes.asking import IMAGE, Client


def test_describe_tells_everything_that_was_sent(client: Client) -> None:
    link = client.platform.add_link("runs", "s3://acme/runs")
    label = client.platform.add_label("team", "ml")
    configuration = {
        "cpu": 2,
        "gpu": 0,
        "memory": 4096,
        "lifespanHours": 5,
        "environment": {"A": "1", "B": ""},
        "mountDataV2": [{"dataLinkId": link.id}],
        "sshEnabled": False,
    }
    id_ = client.created(
        configuration=configuration, labelIds=[label.id], description="d", isPrivate=True
    )
    shown = client.get(f"/studios/{id_}")
    assert configuration.items() <= shown["configuration"].items()
    assert shown["configuration"]["mountData"] == [link.id]
    assert shown["template"]["repository"] == IMAGE
    assert shown["computeEnv"]["name"] == "aws-eu"
    assert [(each["name"], each["value"]) for each in shown["labels"]] == [("team", "ml")]
    assert [each["name"] for each in shown["mountedDataLinks"]] == ["runs"]
    assert (shown["description"], shown["isPrivate"]) == ("d", True)
    assert shown["effectiveLifespanHours"] == 5


def test_an_entry_of_the_list_says_less(client: Client) -> None:
    label = client.platform.add_label("team", "ml")
    client.created(labelIds=[label.id])
    (entry,) = client.get("/studios")["studios"]
    assert entry["labels"] is None
    assert not {"progress", "mountedDataLinks", "allowedUsers"} & entry.keys()
    (entry,) = client.get("/studios", attributes="labels")["studios"]
    assert entry["labels"][0]["name"] == "team"


def test_the_list_comes_in_pages_of_at_most_a_hundred(client: Client) -> None:
    for number in range(103):
        client.platform.add_studio(f"s{number}")
    first = client.get("/studios", max=500)
    assert (len(first["studios"]), first["totalSize"]) == (100, 103)
    rest = client.get("/studios", max=100, offset=100)["studios"]
    assert [each["name"] for each in rest] == ["s2", "s1", "s0"]
    assert len(client.get("/studios")["studios"]) == 20


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("flow", ["MLflow 2", "mlflow"]),
        ("registry.example.com", ["other", "MLflow 2", "mlflow"]),
        ("status:stopped", ["other"]),
        ("status:running flow", ["MLflow 2", "mlflow"]),
        ("nothing", []),
    ],
)
def test_the_list_is_searched_by_words_and_keywords(
    client: Client, search: str, names: list[str]
) -> None:
    client.platform.add_studio("mlflow")
    client.platform.add_studio("MLflow 2")
    client.platform.add_studio("other", status="stopped", image="registry.example.com/else")
    found = client.get("/studios", search=search)
    assert [each["name"] for each in found["studios"]] == names
    assert found["totalSize"] == len(names)


def test_describe_says_202_while_links_are_fetched(client: Client) -> None:
    link = client.platform.add_link("runs", "s3://acme/runs")
    client.platform.book.fetching_s = 5
    id_ = client.created(configuration={"mountDataV2": [{"dataLinkId": link.id}]})
    early = client("GET", f"/studios/{id_}")
    assert (early.status_code, "mountedDataLinks" in early.json()) == (202, False)
    client.clock.sleep(5)
    assert client.get(f"/studios/{id_}")["mountedDataLinks"]
    assert client.get("/studios/data-links")["dataLinkIds"] == [link.id]


def test_templates_are_listed(client: Client) -> None:
    found = client.get("/studios/templates", max=2)
    assert (len(found["templates"]), found["totalSize"]) == (2, 3)
