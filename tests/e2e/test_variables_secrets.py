"""MLflow's secrets and their cache: what the provider of a model gets to see shows both."""

import base64
import hashlib
import hmac
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.effects import effect_of
from tests.e2e.gateway import A_PROVIDER_ON_LOOPBACK, Asked, add_endpoint, ask, listening
from tests.running import copy_database, running, wait_until

pytestmark = pytest.mark.mlflow

HOOKS = "/api/2.0/mlflow/webhooks"
A_HOOK_ON_LOOPBACK = {
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
}


def a_key(word: str) -> str:
    """What `Fernet.generate_key` gives, but the same for the same word."""
    return base64.urlsafe_b64encode(hashlib.sha256(word.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class Seen:
    """What one server made of secrets that an earlier one has stored."""

    question: int
    key: str | None
    hook: int
    signed: bool


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> dict[str, Seen]:
    """Three servers after one that stored secrets: same keys from files, other keys, no keys."""
    folder = tmp_path_factory.mktemp("keys")
    home = copy_database(migrated_database, folder / "home")
    keys = {
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": "correct horse",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": a_key("battery staple"),
    }
    files = {f"{name}_FILE": str(folder / name) for name in keys}
    for name, value in keys.items():
        (folder / name).write_text(value + "\n")
    other = {
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": "wrong horse",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": a_key("wrong staple"),
    }
    base = {**A_PROVIDER_ON_LOOPBACK, **A_HOOK_ON_LOOPBACK}
    found = {}
    with listening() as listener:
        with running(home, {**base, **keys}) as studio:
            add_endpoint(studio, "counter", listener.url, key="sk-secret")
            hook = studio.request(
                HOOKS,
                {
                    "name": "told",
                    "url": listener.url,
                    "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
                    "secret": "hook-secret",
                },
            ).json()["webhook"]["webhook_id"]
            assert studio.stop() == 0
        for name, env in {"files": files, "other": other, "none": {}}.items():
            with running(home, {**base, **env}) as studio:
                listener.asked.clear()
                question = ask(studio, "counter").code
                key = listener.asked[0].key if listener.asked else None
                listener.asked.clear()
                told = studio.request(f"{HOOKS}/{hook}/test", {}).code
                signed = bool(listener.asked) and is_signed(listener.asked[0], "hook-secret")
                found[name] = Seen(question, key, told, signed)
                assert "correct horse" not in studio.log
                assert keys["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"] not in studio.log
                assert studio.stop() == 0
    return found


def is_signed(asked: Asked, secret: str) -> bool:
    """Whether a delivery carries the signature that MLflow documents for its webhooks."""
    signed = f"{asked.headers['X-MLflow-Delivery-Id']}.{asked.headers['X-MLflow-Timestamp']}."
    digest = hmac.new(secret.encode(), signed.encode() + asked.body, hashlib.sha256).digest()
    return asked.headers["X-MLflow-Signature"] == f"v1,{base64.b64encode(digest).decode()}"


@effect_of("MLFLOW_CRYPTO_KEK_PASSPHRASE", "MLFLOW_CRYPTO_KEK_PASSPHRASE_FILE")
def test_a_stored_key_is_read_with_the_passphrase_that_stored_it(seen: dict[str, Seen]) -> None:
    assert (seen["files"].question, seen["files"].key) == (200, "sk-secret")
    for other in ("other", "none"):
        assert seen[other].question >= 400
        assert seen[other].key is None


@effect_of("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY_FILE")
def test_a_webhook_is_signed_with_the_key_that_stored_its_secret(seen: dict[str, Seen]) -> None:
    assert (seen["files"].hook, seen["files"].signed) == (200, True)
    for other in ("other", "none"):
        assert seen[other].hook >= 400
        assert not seen[other].signed


@effect_of("MLFLOW_SERVER_SECRETS_CACHE_TTL", "MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE")
def test_endpoints_stay_cached_for_as_long_and_as_many_as_set(home: Path) -> None:
    env = {
        **A_PROVIDER_ON_LOOPBACK,
        "STUDIO_WORKERS": "1",  # each has a cache of its own
        "MLFLOW_SERVER_SECRETS_CACHE_TTL": "10",
        "MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE": "1",
    }
    with listening() as listener, running(home, env) as studio:
        for name in ("one", "two"):
            add_endpoint(studio, name, listener.url)

        def model(endpoint: str) -> str:
            assert ask(studio, endpoint).code == 200
            return listener.asked[-1].model

        def rename(to: str) -> None:  # behind MLflow's back, so that only its cache is old
            with closing(sqlite3.connect(home / "mlflow.db")) as database, database:
                database.execute(
                    "UPDATE model_definitions SET model_name = ? WHERE name = 'one-definition'",
                    (to,),
                )

        assert model("one") == "one-model"
        rename("renamed")
        assert model("one") == "one-model"  # cached
        assert model("two") == "two-model"  # takes the only place
        assert model("one") == "renamed"
        rename("renamed again")
        assert model("one") == "renamed"
        wait_until(lambda: model("one") == "renamed again", 15)  # by default it takes a minute
