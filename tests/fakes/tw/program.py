"""The `tw` program as a whole: it reads arguments, makes calls, prints, and gives an exit code."""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tests.fakes.tw import commands, picocli, studios
from tests.fakes.tw.client import Api, Failed
from tests.fakes.tw.session import Session

DEFAULT_ENDPOINT = "https://api.cloud.seqera.io"
BUILD = "4fd9ce1"
NO_COMMAND = 255
PERFORMED: Mapping[str, Callable[[Session, Mapping[str, Any]], dict[str, Any]]] = {
    "add": studios.add,
    "start": studios.start,
    "stop": studios.stop,
    "view": studios.view,
    "list": studios.list_,
    "update": studios.update,
    "delete": studios.delete,
    "templates": studios.templates,
}


@dataclass
class Program:
    """One start of tw of a release, in an environment."""

    version: str
    env: Mapping[str, str]
    out: TextIO
    err: TextIO
    sleep: Callable[[float], None] = time.sleep

    def run(self, arguments: list[str]) -> int:
        """Do as told, and give the exit code."""
        top = commands.tw(tuple(map(int, self.version.split("."))))
        if not arguments:
            print(top.usage, file=self.err)
            return NO_COMMAND
        try:
            parsed = self._parsed(top, arguments)
            if isinstance(parsed, int):
                return parsed
            return self._perform(parsed)
        except picocli.Refused as refused:
            print(refused, file=self.err)
            print(f"\n{refused.hint}" if "\n" in refused.hint else refused.hint, file=self.err)
            return 2
        except Failed as failed:
            for text in failed.texts:
                print(f"\n ERROR: {text}\n", file=self.err)
            return 1
        except (TypeError, KeyError, ValueError):
            # Rare input ends in one of Java's stack traces.
            traceback.print_exc(file=self.err)
            return 1

    def _parsed(self, top: picocli.Command, arguments: list[str]) -> picocli.Parsed | int:
        parsed = picocli.parse(top, arguments, self.env)
        if parsed.given("version"):
            print(f"Tower CLI version {self.version} (build {BUILD})", file=self.out)
            return 0
        if parsed.given("help"):
            print(parsed.command.usage, file=self.out)
            return 0
        if parsed.command.subcommands:
            print(parsed.command.usage, file=self.err)
            return 1
        return parsed

    def _perform(self, parsed: picocli.Parsed) -> int:
        given, name = parsed.values, parsed.command.name.split()[-1]
        session = Session(self._api(given), given.get("workspace"), self.sleep)
        session.open()
        act = PERFORMED.get(name)
        assert act is not None, f"the fake does not do `tw studios {name}`"
        document = act(session, given)
        as_json = given.get("output") == "json"
        print(self._shown(name, document, as_json=as_json), file=self.out, flush=True)
        waits = given.get("wait") and document.get("autoStart", True)
        if not waits or document.get("jobSubmitted") is False:
            return 0
        # The document is out already: the exit code alone tells how the waiting ended.
        reached = studios.awaited(session, document["sessionId"], given["wait"])
        if not as_json:
            print(f"  Studio is {'' if reached else 'not '}{given['wait']}", file=self.out)
        return 0 if reached else 1

    def _api(self, given: Mapping[str, Any]) -> Api:
        endpoint = given.get("url", DEFAULT_ENDPOINT)
        if not endpoint.startswith("https") and not given.get("insecure"):
            raise Failed("Only HTTPS endpoints are allowed. Use --insecure to allow HTTP.")
        if "access_token" not in given:
            raise Failed("Missing TOWER_ACCESS_TOKEN environment variable or --access-token option")
        return Api(endpoint, given["access_token"])

    def _shown(self, name: str, document: dict[str, Any], *, as_json: bool) -> str:
        if as_json:
            return json.dumps(studios.present(document), indent=2)
        id_ = document.get("sessionId", document.get("userSuppliedStudioIdentifier", ""))
        return f"\n  Studio {id_}: {name} at {document.get('workspaceRef')} workspace\n"


def main(version: str, log: Path) -> int:
    """Run as a program of its own, and note what it was started with."""
    noted = {"argv": sys.argv[1:], "variables": sorted(os.environ)}
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(noted) + "\n")
    return Program(version, os.environ, sys.stdout, sys.stderr).run(sys.argv[1:])
