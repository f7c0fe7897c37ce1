"""A request turned away: the decision as a value, and the one way to answer with it."""

from dataclasses import dataclass

from studio.middleware.asgi import Send


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and a short text for a person; `hang_up` where the connection cannot be trusted."""

    status: int
    text: str
    hang_up: bool = False


async def refuse(send: Send, refusal: Refusal) -> None:
    body = f"{refusal.text}\n".encode("ascii", "backslashreplace")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
    ]
    if refusal.hang_up:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
