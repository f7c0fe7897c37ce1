"""Addresses of databases and artifacts, and what of them a log may show."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import uris


@pytest.mark.parametrize(
    ("given", "served", "said"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d", False),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d", False),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d", False),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d", True),
        ("mysql://u@h/d", "mysql+pymysql://u@h/d", False),
        ("mysql+mysqldb://u@h/d", "mysql+pymysql://u@h/d", True),
        ("mariadb://u@h/d", "mysql+pymysql://u@h/d", False),
    ],
)
def test_the_driver_that_is_shipped_is_spelt_out(given: str, served: str, said: bool) -> None:
    database = uris.database(given)
    assert database.uri == served
    assert bool(database.rewritten) is said
    assert not database.is_sqlite


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("sqlite:////srv/m.db", "/srv/m.db"),
        ("sqlite:///m.db", "m.db"),
        ("sqlite:////srv/with%20space.db", "/srv/with space.db"),
    ],
)
def test_a_sqlite_file_is_found(given: str, path: str) -> None:
    assert uris.database(given).path == path


@given(
    password=st.text(
        st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]), min_size=4
    ).filter(lambda text: text not in "postgresql://me:***@db.example.com:5432/x")
)
def test_no_password_however_odd_survives(password: str) -> None:
    shown = uris.redact(f"cannot reach postgresql://me:{password}@db.example.com:5432/x today")
    assert password not in shown
    assert "db.example.com:5432/x" in shown


def test_a_text_without_addresses_stays_as_it_is() -> None:
    text = "upgrade from a to b: done at 12:30, see https://example.com/a@b"
    assert uris.redact(text) == text


@pytest.mark.parametrize("name", ["plain", "with space", "100%", "100%25", "what?", "ünï#1"])
def test_the_address_of_a_file_leads_back_to_it(name: str) -> None:
    path = Path("/srv") / name / "mlflow.db"
    assert uris.database(uris.of_file(path)).path == str(path)
    url = pytest.importorskip("sqlalchemy.engine.url", reason="the server is not installed")
    assert url.make_url(uris.of_file(path)).database == str(path)


@pytest.mark.parametrize("user", ["me", "me@server"])
@pytest.mark.parametrize("password", ["s3cret", "my s3cret", "s3:c@r/et"])
def test_no_part_of_a_password_is_in_an_address_that_is_shown(user: str, password: str) -> None:
    shown = uris.redact_address(f"postgresql+psycopg://{user}:{password}@db.example.com/x")
    assert shown == f"postgresql+psycopg://{user}:***@db.example.com/x"
    if " " not in password:
        text = f"cannot reach postgresql://{user}:{password}@db.example.com:5432/x today"
        assert "s3" not in uris.redact(text)
