"""What README and docs tell people to type, and which test does it.

A command in a ```console block that is not listed here fails `test_pages.py`: whoever documents a
command names the test that runs it, or says why none can.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

# The command as it is written, without comment -> the test that runs it: file below tests/, name.
RUN_BY = {
    "make run": "scripts/test_environment.py::test_make_runs_what_its_words_say",
    "studioctl init": "e2e/test_first_hour.py::test_a_run_outlives_a_restart_and_an_upgrade",
    "studioctl deploy -w acme/research":
        "e2e/test_first_hour.py::test_a_run_outlives_a_restart_and_an_upgrade",
    "studioctl plan":
        "deploy/commands/test_plan_command.py::test_a_first_plan_creates_and_names_the_store",
    "studioctl plan --detailed-exitcode":
        "deploy/commands/test_plan_command.py::test_the_exit_code_tells_of_changes_if_asked",
    "studioctl status":
        "deploy/commands/test_small_commands.py::test_the_status_of_a_studio_as_the_profile_says",
    "studioctl stop && studioctl start":
        "deploy/commands/test_small_commands.py::test_stop_and_start_and_both_again",
    "studioctl rollback":
        "deploy/commands/test_deploy_command.py::test_rollback_swaps_the_two_and_back_again",
    "studioctl url":
        "deploy/commands/test_small_commands.py::test_the_address_is_all_that_is_printed",
    "studioctl list": "deploy/commands/test_small_commands.py::test_the_list_marks_our_own",
    "studioctl delete":
        "deploy/commands/test_small_commands.py::test_delete_stops_first_and_says_what_stays",
    "studioctl doctor": "deploy/test_doctor.py::test_where_all_is_well_every_line_has_its_mark",
    "studioctl build --wave":
        "deploy/test_build_command.py::"
        "test_without_a_profile_our_own_context_is_built_and_only_the_reference_printed",
    "docker build --platform linux/amd64 -t REGISTRY/mlflow-studio:0.1.0 .seqera "
    "&& docker push REGISTRY/mlflow-studio:0.1.0":
        "e2e/test_first_hour.py::test_a_run_outlives_a_restart_and_an_upgrade",
    "tw studios add --name mlflow --workspace ORG/WORKSPACE --compute-env COMPUTE_ENV "
    "--custom-template REGISTRY/mlflow-studio:0.1.0 --mount-data DATA_LINK --lifespan 120 "
    "--auto-start": "fakes/test_tw_arguments.py::test_it_takes_the_line_that_the_pages_show",
    "studioctl snapshots list FOLDER":
        "e2e/test_leaving_page.py::test_what_a_studio_kept_is_served_by_plain_mlflow",
    "studioctl snapshots export FOLDER STATE -o mlflow.db":
        "e2e/test_leaving_page.py::test_what_a_studio_kept_is_served_by_plain_mlflow",
    "mlflow server --backend-store-uri sqlite:///mlflow.db "
    "--artifacts-destination FOLDER/mlflow-studio/artifacts":
        "e2e/test_leaving_page.py::test_what_a_studio_kept_is_served_by_plain_mlflow",
    "studioctl snapshots verify FOLDER --all":
        "deploy/snapshots/test_snapshots_command.py::"
        "test_verify_all_finds_the_damaged_state_and_exits_with_1",
    "studioctl snapshots restore FOLDER STATE --home .studio":
        "deploy/snapshots/test_snapshots_command.py::"
        "test_restore_makes_a_state_the_database_of_a_home_and_keeps_what_was_there",
    "mkdir imported": "e2e/test_links.py::"
        "test_other_stores_on_a_read_only_link_are_found_and_can_be_brought_in_by_hand",
    "mlflow migrate-filestore --source FOLDER/mlruns --target sqlite:///imported/mlflow.db":
        "e2e/test_links.py::"
        "test_other_stores_on_a_read_only_link_are_found_and_can_be_brought_in_by_hand",
    "cp FOLDER/mlflow.db imported/mlflow.db": "e2e/test_links.py::"
        "test_other_stores_on_a_read_only_link_are_found_and_can_be_brought_in_by_hand",
    "studioctl up --home imported --data EMPTY_LINK": "deploy/test_up.py::"
        "test_a_data_folder_is_the_only_link_and_gone_at_the_next_start_without_it",
    "mkdir runs && studioctl up --data runs": "deploy/test_up.py::"
        "test_a_data_folder_is_the_only_link_and_gone_at_the_next_start_without_it",
    "python -P -m deploy.ci plan --stage prod":
        "deploy/test_ci.py::test_a_plan_with_changes_is_no_failure_and_is_shown",
    "python -P -m deploy.ci deploy --stage prod":
        "deploy/test_ci.py::test_a_deploy_gives_the_address_and_then_there_is_nothing_to_do",
    "MLFLOW_TRACKING_URI=http://localhost:5000 .venv/bin/python -c "
    "\"import mlflow; mlflow.log_metric('accuracy', 0.97)\"":
        "e2e/test_logging_page.py::test_a_block_of_python_logs_what_it_says",
}  # fmt: skip

# What no test can run, and why.
WAVE = "Seqera's own program, and an account of theirs"
BY_HAND = {
    "git clone URL-OF-THIS-REPOSITORY mlflow-studio && cd mlflow-studio": "a placeholder",
    "python3 -m venv ~/.studioctl && . ~/.studioctl/bin/activate "
    "&& pip install git+URL-OF-THIS-REPOSITORY": "a placeholder; test_packaging.py has a wheel",
    "python -m pip install git+URL-OF-THIS-REPOSITORY": "a placeholder, too",
    "export TOWER_ACCESS_TOKEN=…": "a person's own token",
    "wave -f .seqera/Dockerfile --context .seqera --platform linux/amd64 --await": WAVE,
    "wave -f .seqera/Dockerfile --context .seqera --platform linux/amd64 --await --freeze "
    "--build-repo REGISTRY/mlflow-studio": WAVE,
}


@dataclass(frozen=True, slots=True)
class Command:
    """What stands behind a `$`, and the lines that the page shows below it."""

    line: str
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page for people; `name` is its path in the repository."""

    name: str
    text: str

    def blocks(self, language: str) -> list[str]:
        """The code blocks of one language."""
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)

    def section(self, title: str) -> "Page":
        """The part below one heading of the second level."""
        pattern = rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)"
        (found,) = re.findall(pattern, self.text, re.MULTILINE | re.DOTALL)
        return Page(self.name, found)

    def typed(self) -> list[Command]:
        """What console blocks have: continued lines joined, comments and ellipses left out.

        >>> text = "## A\\n```console\\n$ make it   # soon\\nmade\\n...\\n$ see it\\n```\\n## B\\n"
        >>> Page("", text).section("A").typed()
        [Command(line='make it', shown=('made',)), Command(line='see it', shown=())]
        """
        found = []
        for typed in re.split(r"^\$ ", "".join(self.blocks("console")), flags=re.MULTILINE)[1:]:
            line, *shown = typed.replace("\\\n", " ").splitlines()
            kept = (each for each in shown if each.strip() not in ("", "...", "…"))
            found.append(Command(_tidy(line), tuple(kept)))
        return found

    def commands(self) -> list[str]:
        """The lines behind a `$` in console blocks."""
        return [each.line for each in self.typed()]

    def spans(self) -> list[str]:
        """What is written as code: inline, and the commands."""
        outside = re.sub(r"^```.*?^```$", "", self.text, flags=re.MULTILINE | re.DOTALL)
        return [*re.findall(r"`([^`]+)`", outside), *self.commands()]

    def links(self) -> list[str]:
        """Where it links to inside the repository."""
        return re.findall(r"\]\((?!https?:)([^)\s]+)\)", self.text)


def _tidy(line: str) -> str:
    """Comments begin after two spaces, as a `#` may be part of an address."""
    return " ".join(re.sub(r"\s{2,}#.*", "", line).split())


def pages() -> list[Page]:
    """README and everything in docs/."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [Page(f.relative_to(ROOT).as_posix(), f.read_text(encoding="utf-8")) for f in files]


def page(name: str) -> Page:
    """One page of docs/, by its name."""
    (found,) = (each for each in pages() if each.name == f"docs/{name}.md")
    return found


def arguments(start: str) -> list[str]:
    """The words of the one documented command that begins so."""
    (found,) = (command for command in RUN_BY if command.startswith(start))
    return shlex.split(found)
