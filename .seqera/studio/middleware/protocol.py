"""uvicorn's httptools protocol, without its one omission.

Of a request line such as `GET http://example.com/x` it keeps only the path, so that nobody behind
can see that two hosts were named. Here `raw_path` holds the whole target in that case, as uvicorn's
h11 protocol has it. Only the worker imports this module: the rest of the package needs no uvicorn.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class WholeTargetProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=...)`, and so for a worker's `CONFIG_KWARGS`."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        # The application starts in a task of its own, later: it sees the scope as it is left here.
        if not self.url.startswith(b"/") and "raw_path" in self.scope:
            self.scope["raw_path"] = self.url.partition(b"?")[0]
