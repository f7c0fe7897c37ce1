"""Apply the access policy to every request, and put its layers into their order.

Outermost first: `TargetMiddleware` (the request line), `PrefixMiddleware` (the path), and
`AccessMiddleware`, which goes by the path those two leave. All else of ours, and MLflow, is inside.
Nothing is buffered; scopes are copied, never changed, so the server's log keeps what came in.
"""

from studio.middleware import frame
from studio.middleware.asgi import App, Message, Receive, Scope, Send
from studio.middleware.policy import Policy, Request, judge
from studio.middleware.prefix import PrefixMiddleware
from studio.middleware.refusal import Refusal, refuse
from studio.middleware.target import TargetMiddleware


def guard(app: App, policy: Policy, prefix: str = "") -> App:
    """The application as the outside world may use it."""
    return TargetMiddleware(PrefixMiddleware(AccessMiddleware(app, policy), prefix))


class AccessMiddleware:
    """Admit or refuse requests by `policy`, and limit who may frame the answers."""

    def __init__(self, app: App, policy: Policy) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # MLflow has none. Closed before it is accepted, so the server answers 403.
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        verdict = judge(self._policy, _request(scope))
        if isinstance(verdict, Refusal):
            await refuse(send, verdict)
            return
        limits = frame.limits(self._policy, verdict.host, scope["path"])

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = frame.applied(limits, tuple(map(tuple, message.get("headers", ()))))
                message = {**message, "headers": list(headers)}
            await send(message)

        inner = {
            **scope,
            "headers": list(verdict.headers),
            "client": verdict.client,
            "scheme": verdict.scheme,
        }
        await self._app(inner, receive, send_with_limits)


def _request(scope: Scope) -> Request:
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["path"],
        headers=tuple((name.lower(), value) for name, value in scope["headers"]),
        peer=(client[0], client[1]) if client else None,
        scheme=scope.get("scheme", "http"),
    )
