"""The policies and requests that the tests of the policy put together.

EXT is a Studio's public host; its siblings are strangers.
"""

from studio.middleware.hosts import parse_hosts
from studio.middleware.policy import Admission, Policy, Request, judge
from studio.middleware.refusal import Refusal

EXT = "a1b2c3d4.connect.example.com"
SIBLING = "https://zzzz.connect.example.com"
API = "/ajax-api/2.0/mlflow/experiments/create"
ASSISTANT = "/ajax-api/3.0/mlflow/assistant"
HERE = ("127.0.0.1", 40000)
BRIDGE = ("172.17.0.1", 40000)

EXPLICIT = Policy("explicit", 8080, parse_hosts(f"{EXT},*.wild.example.com,lan.test:5000"))
SAME_ORIGIN = Policy("same-origin", 8080)
LOCAL = Policy("local", 5000)
POLICIES = {"explicit": EXPLICIT, "same-origin": SAME_ORIGIN, "local": LOCAL}

Lines = list[tuple[str, str]]


def a_request(
    host: str | None,
    *more: tuple[str, str],
    method: str = "GET",
    path: str = "/",
    peer: tuple[str, int] | None = HERE,
    scheme: str = "http",
) -> Request:
    lines = ([("host", host)] if host is not None else []) + list(more)
    headers = tuple((name.encode(), value.encode("latin-1")) for name, value in lines)
    return Request(method, path, headers, peer, scheme)


def status(policy: Policy, request: Request) -> int:
    verdict = judge(policy, request)
    return verdict.status if isinstance(verdict, Refusal) else 200


def admitted(policy: Policy, request: Request) -> Admission:
    verdict = judge(policy, request)
    assert isinstance(verdict, Admission), verdict
    return verdict


def seen(admission: Admission, name: str) -> list[str]:
    return [value.decode() for key, value in admission.headers if key == name.encode()]
