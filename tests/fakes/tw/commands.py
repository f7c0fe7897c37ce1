"""What `tw` and `tw studios` take, release by release."""

from tests.fakes.tw.picocli import Command, Group, Option

STATUSES = ("starting", "running", "stopping", "stopped", "errored", "building", "buildFailed")
# Since 0.37.0; `--allow-user` since 0.38.0.
NEW_IN_37 = {"env", "ssh", "spot", "repository", "revision"}
NEW_IN_38 = {"allow_user"}

GLOBAL = (
    Option(("-t", "--access-token"), variable="TOWER_ACCESS_TOKEN"),
    Option(("-u", "--url"), variable="TOWER_API_ENDPOINT"),
    Option(("-o", "--output"), ("console", "json"), variable="TOWER_CLI_OUTPUT_FORMAT"),
    Option(("-v", "--verbose"), "flag"),
    Option(("--insecure",), "flag"),
    Option(("-h", "--help"), "flag"),
    Option(("-V", "--version"), "flag"),
)
WORKSPACE = Option(("-w", "--workspace"), variable="TOWER_WORKSPACE_ID")
REFERENCE = (Option(("-i", "--id"), label="sessionId"), Option(("-n", "--name")))
CONFIGURATION = (
    Option(("--gpu",), "int"),
    Option(("--cpu",), "int"),
    Option(("--memory",), "int"),
    Option(("--lifespan",), "int"),
    Option(("-e", "--env"), "map", label="String=String"),
    Option(("--mount-data",), "list"),
    Option(("--mount-data-ids",), "list"),
    Option(("--mount-data-uris",), "list"),
)
DESCRIPTION = Option(("-d", "--description"))
# Here it has no short form.
NEW_DESCRIPTION = Option(("--description",))
LABELS = Option(("--labels",), "labels")
WAIT = Option(("--wait",), STATUSES)
HELP = Option(("-h", "--help"), "flag")
AUTO_START = Option(("-a", "--auto-start"), "flag")
PRIVATE = Option(("--private",), "flag", label="isPrivate")
SPOT, SSH = Option(("--spot",), "flag"), Option(("--ssh",), "flag")
ALLOW_USER = Option(("--allow-user",))
COMPUTE_ENV = Option(("-c", "--compute-env"), label="computeEnv")
FILTER, OFFSET, PAGE, MAX = (
    Option(("-f", "--filter")),
    Option(("--offset",), "int"),
    Option(("--page",), "int"),
    Option(("--max",), "int"),
)
ONE_STUDIO = Group(("id", "name"), required=True)
ONE_TEMPLATE = Group(("template", "custom_template"))

STUDIOS: dict[str, tuple[tuple[Option, ...], tuple[Group, ...]]] = {
    "view": ((WORKSPACE, *REFERENCE), (ONE_STUDIO,)),
    "list": ((WORKSPACE, FILTER, Option(("-l", "--labels"), "flag"), PAGE, OFFSET, MAX), ()),
    "templates": ((WORKSPACE, MAX), ()),
    "checkpoints": ((WORKSPACE, *REFERENCE, FILTER, PAGE, OFFSET, MAX), (ONE_STUDIO,)),
    "add": (
        (
            Option(("-n", "--name"), required=True),
            DESCRIPTION,
            WORKSPACE,
            Option(("-t", "--template")),
            Option(("-ct", "--custom-template")),
            Option(("--conda-env-yml", "--conda-env-yaml")),
            Option(("-c", "--compute-env"), required=True, label="computeEnv"),
            *CONFIGURATION,
            Option(("--repository",)),
            Option(("--revision",)),
            *(AUTO_START, PRIVATE, SPOT, SSH, ALLOW_USER, LABELS, WAIT),
        ),
        (ONE_TEMPLATE,),
    ),
    "add-as-new": (
        (
            Option(("-pid", "--parent-id")),
            Option(("-pn", "--parent-name")),
            Option(("--parent-checkpoint-id",), "int"),
            Option(("-n", "--name"), required=True),
            *(DESCRIPTION, WORKSPACE, *CONFIGURATION),
            *(AUTO_START, PRIVATE, ALLOW_USER, LABELS, WAIT),
        ),
        (Group(("parent_id", "parent_name"), required=True),),
    ),
    "start": (
        (
            *(WORKSPACE, *REFERENCE, *CONFIGURATION, WAIT, LABELS),
            *(NEW_DESCRIPTION, SPOT, SSH, ALLOW_USER),
        ),
        (ONE_STUDIO,),
    ),
    "stop": ((WORKSPACE, *REFERENCE, WAIT), (ONE_STUDIO,)),
    "update": (
        (
            *(WORKSPACE, *REFERENCE, *CONFIGURATION, LABELS, NEW_DESCRIPTION),
            *(Option(("--new-name",)), SSH, COMPUTE_ENV),
        ),
        (ONE_STUDIO,),
    ),
    "delete": ((WORKSPACE, *REFERENCE), (ONE_STUDIO,)),
}


def tw(version: tuple[int, ...]) -> Command:
    """Give the command of a release."""
    unknown = (NEW_IN_37 if version < (0, 37) else set()) | (
        NEW_IN_38 if version < (0, 38) else set()
    )
    studios = {}
    for name, (options, groups) in STUDIOS.items():
        known = tuple(option for option in options if option.key not in unknown)
        if name == "add" and version < (0, 37):
            groups = (Group(ONE_TEMPLATE.keys, required=True),)
        studios[name] = Command(f"tw studios {name}", (*known, HELP), groups)
    return Command("tw", GLOBAL, (), {"studios": Command("tw studios", (HELP,), (), studios)})
