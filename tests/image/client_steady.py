"""Clients that log runs without a pause, through plain MLflow; run as a program of its own.

$ python client_steady.py URL THREADS      one line of JSON for each run whose calls were answered

Each run has a name of its own and one metric, logged by a second call. It ends when its standard
input does; the last line is JSON with the names begun and the errors that callers saw.
"""

import itertools
import json
import sys
import threading

from mlflow import MlflowClient


def log_runs(server: str, thread: int, ended: threading.Event, seen: dict[str, list[str]]) -> None:
    client = MlflowClient(server)
    for number in itertools.count():
        if ended.is_set():
            return
        name = f"run-{thread}-{number}"
        seen["begun"].append(name)
        try:
            run = client.create_run("0", run_name=name)
            client.log_metric(run.info.run_id, "loss", 0.25, step=1)
        except Exception as error:  # whatever reaches a caller is what the test asks about
            seen["errors"].append(f"{name}: {error}")
        else:
            # In one piece: print() writes the end of the line on its own.
            sys.stdout.write(json.dumps({"name": name, "id": run.info.run_id}) + "\n")
            sys.stdout.flush()


def main(server: str, threads: str) -> None:
    ended, seen = threading.Event(), {"begun": list[str](), "errors": list[str]()}
    clients = [
        threading.Thread(target=log_runs, args=(server, thread, ended, seen))
        for thread in range(int(threads))
    ]
    for client in clients:
        client.start()
    sys.stdin.read()
    ended.set()
    for client in clients:
        client.join()
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
