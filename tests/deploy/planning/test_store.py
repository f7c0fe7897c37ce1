"""The store that a plan names is the one that the runtime will take."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.planning import store
from deploy.planning.store import Mounted, Store
from deploy.seqera.models import Link
from studio import settings, storage
from studio.mounts import Mount
from studio.settings import InvalidSettings

PLACE = Path("/workspace/data")


def link(name: str, *, writable: bool | None = True, ours: bool | None = None) -> Mounted:
    return Mounted(Link(f"v1-user-{name}", name, f"s3://{name}"), writable, ours)


@pytest.mark.parametrize(
    ("environment", "mounts", "kind", "words", "artifacts"),
    [
        ({}, [], "checkpoint", "no data link is mounted", "the Studio's own checkpoint"),
        ({}, [link("a")], "link", 'data link "a" (s3://a): mlflow-studio/', 'data link "a"'),
        ({}, [link("a", writable=False)], "checkpoint", "can be written to", "checkpoint"),
        ({}, [link("a", writable=None)], "link", ", if it can be written to", 'data link "a"'),
        ({}, [link("b"), link("a")], "link", 'data link "a"', 'data link "a"'),
        ({}, [link("b", writable=True), link("a", writable=None)], "link", '"b"', '"b"'),
        ({}, [link("b", ours=True), link("a")], "link", '"b"', '"b"'),
        ({"STUDIO_DATA_LINK": "b"}, [link("a"), link("b")], "link", '"b"', '"b"'),
        (
            {"STUDIO_DATA_LINK": "b"},
            [link("a"), link("b", writable=False)],
            "checkpoint",
            "data link b cannot be written to",
            "checkpoint",
        ),
        ({"STUDIO_DATA_LINK": "c"}, [link("a")], "unknown", "would not start", ""),
        ({"MLFLOW_BACKEND_STORE_URI": "redis://x"}, [], "unknown", "would not start", ""),
        ({"MLFLOW_ARTIFACTS_ONLY": "true"}, [link("a")], "none", "artifacts only", ""),
        (
            {"MLFLOW_BACKEND_STORE_URI": "postgresql://u:planted@db.example.com/runs"},
            [link("a")],
            "database",
            "PostgreSQL at db.example.com, database runs",
            'data link "a"',
        ),
        (
            {"MLFLOW_BACKEND_STORE_URI_FILE": "/workspace/data/private/uri"},
            [],
            "database",
            "the database that /workspace/data/private/uri names",
            "the Studio's own checkpoint",
        ),
        ({"MLFLOW_BACKEND_STORE_URI": "sqlite:////tmp/x.db"}, [], "checkpoint", "only", "check"),
        ({"MLFLOW_BACKEND_STORE_URI": "sqlite:////tmp/x.db"}, [link("a")], "link", '"a"', '"a"'),
        (
            {"MLFLOW_ARTIFACTS_DESTINATION": "s3://bucket/x"},
            [],
            "checkpoint",
            "no data link",
            "s3://bucket/x",
        ),
        (
            {"MLFLOW_DEFAULT_ARTIFACT_ROOT": "/srv/artifacts"},
            [link("a")],
            "link",
            '"a"',
            "/srv/artifacts",
        ),
    ],
)
def test_the_store_is_named_with_its_place(
    environment: dict[str, str], mounts: list[Mounted], kind: str, words: str, artifacts: str
) -> None:
    found = store.decide(environment, mounts)
    assert found.kind == kind
    assert words in found.words
    assert artifacts in found.artifacts
    assert "planted" not in repr(found)


def runtime(environment: dict[str, str], mounts: list[Mounted], before: str | None) -> Store | None:
    """What the session itself decides, in the words of a plan; None where it would not start."""
    seen = [
        Mount(
            each.link.name,
            PLACE / each.link.name,
            "writable" if each.writable else "read-only",
            ours=bool(each.ours),
        )
        for each in sorted(mounts, key=lambda each: each.link.name)
    ]
    try:
        read = settings.read({"CONNECT_TOOL_PORT": "8080", **environment}, in_image=True)
        found = storage.decide(read, seen, before)
    except InvalidSettings:
        return None
    if read.artifacts_only:
        return Store("none", "")
    inside = not found.artifacts.startswith(("s3:", "gs:")) and not Path(
        found.artifacts
    ).is_relative_to(PLACE)
    kept = not inside or not found.artifact_root.startswith("mlflow-artifacts:")
    if not found.database.is_sqlite:
        return Store("database", found.database.kind, None, "", kept)
    if found.link is None:
        return Store("checkpoint", "", None, "", kept)
    (chosen,) = (each.link for each in mounts if each.link.name == found.link.name)
    return Store("link", "", chosen, "", kept)


places = st.sampled_from(
    ["", "s3://b/x", "gs://b", "/srv/a", "/workspace/data/a/x", "file:///srv/a", "nonsense:x"]
)
environments = st.fixed_dictionaries(
    {},
    optional={
        "MLFLOW_BACKEND_STORE_URI": st.sampled_from(
            [
                *("", "sqlite:////tmp/mlflow/mlflow.db", "sqlite:////workspace/data/a/m.db"),
                *("postgresql://u@db/x", "mysql://u@db/x", "redis://x", "sqlite://"),
            ]
        ),
        "STUDIO_DATA_LINK": st.sampled_from(["", "a", "b", "z"]),
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": places,
        "MLFLOW_ARTIFACTS_DESTINATION": places,
        "MLFLOW_ARTIFACTS_ONLY": st.sampled_from(["", "true", "false", "maybe"]),
    },
)
links = st.dictionaries(
    st.sampled_from("abc"), st.tuples(st.booleans(), st.booleans()), max_size=3
).map(lambda found: [link(n, writable=w, ours=o) for n, (w, o) in found.items()])


@given(environment=environments, mounts=links, before=st.sampled_from([None, "a", "b", "c"]))
def test_the_runtime_decides_the_same(
    environment: dict[str, str], mounts: list[Mounted], before: str | None
) -> None:
    foreseen, found = (
        store.decide(environment, mounts, before),
        runtime(environment, mounts, before),
    )
    if found is None:
        assert foreseen.kind == "unknown"
        return
    assert (foreseen.kind, foreseen.link) == (found.kind, found.link)
    assert foreseen.artifacts_kept == found.artifacts_kept
    assert found.words in foreseen.words


@pytest.mark.parametrize(
    ("environment", "kind", "artifacts"),
    [
        ({}, "unknown", ""),
        ({"STUDIO_DATA_LINK": "z"}, "unknown", ""),
        ({"MLFLOW_BACKEND_STORE_URI": "postgresql://u@db/x"}, "database", ""),
        (
            {
                "MLFLOW_BACKEND_STORE_URI": "postgresql://u@db/x",
                "MLFLOW_ARTIFACTS_DESTINATION": "s3://a",
            },
            "database",
            "s3://a",
        ),
        ({"MLFLOW_ARTIFACTS_ONLY": "true"}, "none", ""),
    ],
)
@pytest.mark.parametrize("mounts", [[], [link("a")]])
def test_links_that_cannot_be_read_leave_unknown_what_depends_on_them(
    environment: dict[str, str], mounts: list[Mounted], kind: str, artifacts: str
) -> None:
    found = store.decide(environment, mounts, whole=False)
    assert (found.kind, found.artifacts, found.artifacts_kept) == (kind, artifacts, True)
    assert found.link is None


def test_what_the_runtime_would_refuse_is_known_before() -> None:
    found = store.problems(
        {
            "STUDIO_WORKRES": "2",
            "STUDIO_WORKERS": "many",
            "MLFLOW_BACKEND_STORE_URI": "redis://u:planted@h",
            "OURS": "1",
        }
    )
    assert len(found) == 3
    assert "planted" not in "".join(found)


@pytest.mark.parametrize(
    "environment",
    [
        {"MLFLOW_ARTIFACTS_DESTINATION": "s3://key:planted@bucket/x"},
        {"MLFLOW_DEFAULT_ARTIFACT_ROOT": "gs://bucket/x?token=planted-one"},
        {"MLFLOW_ARTIFACTS_DESTINATION": "ftp://key:planted@host"},
        {"STUDIO_WORKERS": "planted-nine"},
        {"STUDIO_DATA_LINK": "planted-nine"},
    ],
)
def test_secrets_in_odd_places_are_masked(environment: dict[str, str]) -> None:
    secrets = ("planted-nine",)
    said = store.decide(environment, [], secrets=secrets), store.problems(environment, secrets)
    assert "planted" not in repr(said)


def test_files_of_the_session_are_not_looked_for_here() -> None:
    files = {
        "MLFLOW_TRACE_ARCHIVAL_CONFIG": "/workspace/data/a/archive.yaml",
        "MLFLOW_BACKEND_STORE_URI_FILE": "/workspace/data/a/uri",
    }
    assert store.problems(files) == ()
