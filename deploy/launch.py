"""Start a Studio on this machine, as `local` decided."""

import os
import platform
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from deploy import context, local, process, ui
from deploy.errors import BuildFailed, HomeUnusable, PortTaken, ToolMissing
from deploy.local import Options
from deploy.process import Command

SERVER_PARTS = ("mlflow", "gunicorn", "uvicorn_worker")


def start(options: Options, env: Mapping[str, str], cwd: Path) -> NoReturn:
    """Become the server: from here on signals and the exit code are the runtime's own."""
    dropped = local.client_variables(env)
    if dropped:
        ui.say(f"not passed on, as these are meant for clients: {', '.join(dropped)}")
    if options.docker and not local.port(options, env):
        options = replace(options, port=free_port())
    command = _container(options, env, cwd) if options.docker else _server(options, env, cwd)
    if options.open_browser:
        address = local.url(options, env)
        process.start_beside(Command((sys.executable, "-P", "-m", "deploy.browser", address), env))
    process.become(command)


def _server(options: Options, env: Mapping[str, str], cwd: Path) -> Command:
    program = server_program()
    home = local.home(options, env, cwd)
    local.check_apart(home, options.data)
    command = local.server_process(options, env, home, program[0])
    prepare_home(home)
    link_data(local.links_folder(home, options.data), options.data)
    return command


def server_program() -> tuple[str, ...]:
    """Give the program that serves as a process of this machine, if its parts are installed."""
    missing = [name for name in SERVER_PARTS if find_spec(name) is None]
    if missing:
        raise ToolMissing(
            missing[0],
            f"the server's parts are not installed for {sys.executable}: no {', '.join(missing)}.",
            "Install them from a clone of the repository: python -m pip install '.[server]'\n"
            "(with pipx: pipx install --force '.[server]'). Or run the image with --docker.",
        )
    return (sys.executable, "-m", "studio")


def prepare_home(home: Path) -> None:
    """Make the home: for its owner alone, and ignored by git wherever it is."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="ascii")
    except OSError as error:
        raise HomeUnusable(home, error.strerror or str(error)) from error


def link_data(links: Path, data: Path | None) -> None:
    """Make the folder of data links show this folder under its own name, and nothing else.

    What was put there by others would be taken for a data link, so it is named and left alone.
    """
    try:
        links.mkdir(mode=0o700, parents=True, exist_ok=True)
        for entry in links.iterdir():
            if data is None or entry.name != data.name or not entry.is_symlink():
                raise HomeUnusable(links, f"{entry} is not a link that studioctl made")
        if data is not None and not (links / data.name).is_symlink():
            (links / data.name).symlink_to(data, target_is_directory=True)
    except OSError as error:
        raise HomeUnusable(links, error.strerror or str(error)) from error


def _container(options: Options, env: Mapping[str, str], cwd: Path) -> Command:
    image = options.image or local.LOCAL_TAG
    command = local.server_container(options, env, cwd, image)
    _require_docker(env)
    number = local.port(options, env)
    check_port(number)
    if options.home is not None or env.get("STUDIO_HOME"):
        home = local.home(options, env, cwd)
        local.check_apart(home, options.data)
        prepare_home(home)
    if platform.machine().lower() in {"arm64", "aarch64"}:
        ui.say("the image is for amd64: on this machine it is emulated, so slower than usual")
    if options.image is None:
        folder = context.locate()
        ui.say(f"building {image} from {folder}; the first time this takes some minutes")
        code = process.show(local.image_build(folder, env))
        if code:
            raise BuildFailed(folder, code)
    ui.say(
        f"starting {image} on port {number}; its own files are in "
        f"{local.kept_in(options, env, cwd)}"
    )
    return command


def check_port(number: int) -> None:
    """Find a taken port before an image is built, not after."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            raise PortTaken(number, error.strerror or str(error)) from error


def free_port() -> int:
    """Choose a port for a container, which cannot tell us which one it was given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _require_docker(env: Mapping[str, str]) -> None:
    if shutil.which("docker", path=env.get("PATH")) is None:
        raise ToolMissing(
            "docker",
            "there is no docker command on the PATH.",
            "Install Docker (https://docs.docker.com/get-docker/), or leave out --docker.",
        )
    query = ("docker", "version", "--format", "{{.Server.Version}}")
    answer = process.ask(Command(query, env), timeout_s=30)
    if answer.code:
        raise ToolMissing(
            "docker engine",
            f"no Docker engine answers: {answer.output or f'docker ended with {answer.code}'}",
            "Start Docker, or point DOCKER_HOST to an engine; `docker version` must show a server.",
        )
