"""A toy tracking server that keeps what it is asked to promise; FAULT names what it breaks."""

import json
import os
import signal
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FAULT = os.environ.get("FAULT", "")
PORT = int(os.environ.get("CONNECT_TOOL_PORT", "0"))
PREFIX = os.environ.get("CONNECT_TOOL_PATH_PREFIX", "")
HOSTS = [name for name in os.environ.get("STUDIO_ALLOWED_HOSTS", "").split(",") if name]
API = "/api/2.0/mlflow"
LINKS = sorted(Path(os.environ.get("STUDIO_DATA_DIR", "/workspace/data")).glob("*"))


def can_write(link: Path) -> bool:
    try:
        (link / f".probe-{uuid.uuid4().hex}").touch()
    except OSError:
        return False
    return True


LINK = next((link for link in LINKS if can_write(link)), None)
READ_ONLY = any(not can_write(link) for link in LINKS)
STATE = {"id": uuid.uuid4().hex, "parents": [], "runs": [], "artifacts": {}, "at": 0.0}
FORKS: list[str] = []


def load() -> None:
    if LINK is None:
        return
    states = [json.loads(path.read_text()) for path in LINK.glob("toy-*.json")]
    continued = {parent for state in states for parent in state["parents"]}
    ends = sorted((s for s in states if s["id"] not in continued), key=lambda s: s["at"])
    if len(ends) > 1 and FAULT != "clones":
        FORKS.extend(state["id"] for state in ends[:-1])
    if ends and FAULT != "kept":
        STATE.update({**ends[-1], "id": STATE["id"], "parents": [ends[-1]["id"]]})


def save() -> None:
    if LINK is not None:
        STATE["at"] = time.time()
        (LINK / f"toy-{STATE['id']}.json").write_text(json.dumps(STATE))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer("GET", b"")

    def do_POST(self) -> None:
        self.answer("POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def do_PUT(self) -> None:
        self.answer("PUT", self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def answer(self, method: str, body: bytes) -> None:
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        if HOSTS and host.partition(":")[0] not in HOSTS and FAULT != "hosts":
            return self.give(403, "no such host")
        if method != "GET" and origin and FAULT != "siblings":
            mine = f"https://{host}" if FAULT != "saves" else "https://localhost"
            if origin != mine:
                return self.give(403, "another page")
        path = self.path if FAULT == "prefix" else self.path.removeprefix(PREFIX)
        self.serve(method, path, body)
        if FAULT == "start-dies":
            os._exit(1)
        return None

    def serve(self, method: str, path: str, body: bytes) -> None:
        if path == "/studio/ready":
            return self.give(500 if FAULT == "ready" else 200, "{}")
        if path == "/studio/status":
            level = "warning" if READ_ONLY and FAULT != "read-only" else "ok"
            return self.give(200, json.dumps({"keeping": {"level": level}, "forks": FORKS}))
        if path == f"{API}/runs/create":
            if FAULT == "dies":
                os._exit(1)
            STATE["runs"].append(json.loads(body)["run_name"])
            return self.give(200, "{}")
        if path == f"{API}/runs/search":
            runs = [{"info": {"run_name": name}} for name in STATE["runs"]]
            return self.give(200, json.dumps({"runs": runs}))
        if path.startswith("/api/2.0/mlflow-artifacts/"):
            return self.artifact(method, path, body)
        if path != "/":
            return self.give(404, "no such page")
        return self.give(200, "<html>MLflow</html>" if FAULT != "page" else "no page")

    def artifact(self, method: str, path: str, body: bytes) -> None:
        if FAULT == "artifacts":
            return self.give(404, "")
        if method == "PUT":
            STATE["artifacts"][path] = body.decode()
        found = STATE["artifacts"].get(path)
        return self.give(404 if found is None else 200, found or "")

    def give(self, code: int, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def stop(*_: object) -> None:
    save()
    sys.stdout.flush()
    os._exit(0)


def main() -> None:
    home = Path(os.environ.get("STUDIO_HOME", "/var/tmp"))
    lock = (LINK if FAULT == "restart-link" and LINK else home) / "toy.pid"
    if FAULT == "start":
        sys.exit("it cannot start")
    if FAULT == "start-late":
        print("waiting for something", flush=True)
        time.sleep(600)
    if lock.exists() and (FAULT == "restart" or (FAULT == "restart-link" and LINK)):
        sys.exit("it is running already")
    if FAULT == "data-links" and READ_ONLY:
        sys.exit("a data link cannot be written to")
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    if FAULT == "secrets":
        print(dict(os.environ))
    uri = os.environ.get("MLFLOW_BACKEND_STORE_URI")
    if uri and FAULT != "variables":
        Path(uri.removeprefix("sqlite:///")).touch()
    load()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if FAULT == "signal" else stop)
    bind = "127.0.0.1" if FAULT == "port" else "0.0.0.0"
    ThreadingHTTPServer((bind, PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
