"""What a Studio with MLflow's tracking server promises, and what to do where it does not hold."""

from deploy.conformance.report import Check

READY = Check(
    "ready",
    "it says that it can write",
    "Answer /studio/ready with 200 once the database and the artifact store can be written to;\n"
    "the log says why they cannot.",
)
PAGE = Check(
    "page",
    "MLflow's page is shown at the public host",
    "Let the host in that the proxy passes on: MLflow itself knows localhost only.",
)
SAVES = Check(
    "saves",
    "a browser can save",
    "MLflow compares Origin with Host. Do not rewrite Host to localhost: every POST of a browser\n"
    "is refused then, although the page loads.",
)
SIBLINGS = Check(
    "siblings",
    "the page of another Studio cannot save",
    "Refuse requests whose Origin is not the Studio's own: siblings share its parent domain and\n"
    "run other people's code. No wildcard origins.",
)
ARTIFACTS = Check(
    "artifacts",
    "artifacts pass through the server",
    "Serve artifacts (mlflow-artifacts:/): clients cannot write to the container's disk.",
)
KEPT = Check(
    "kept",
    "a run and its artifact are there on another machine with the same data link",
    "Keep what matters on the data link before the program ends after SIGTERM.",
)
CLONES = Check(
    "clones",
    "two Studios on one data link harm nothing, and the next one tells of both",
    "Never open a database on the data link in place; give each session files of its own, and\n"
    "name the other ones in /studio/status.",
)
VARIABLES = Check(
    "variables",
    "it honours the user's settings",
    "Do not overwrite MLFLOW_BACKEND_STORE_URI and the like in a start script.",
)
HOSTS = Check(
    "hosts",
    "a host that is not allowed is refused",
    "Honour STUDIO_ALLOWED_HOSTS. An image that rewrites Host lets every name in, which opens the\n"
    "server to DNS rebinding.",
)
PREFIX = Check(
    "prefix",
    "it works below a path, whether or not the proxy takes the path away",
    "Serve pages and API below CONNECT_TOOL_PATH_PREFIX, for path-based routing.",
)
SECRETS = Check(
    "secrets",
    "a secret setting is in no log and on no page",
    "Never print the environment or a database URI with its password.",
)
READ_ONLY = Check(
    "read-only",
    "it warns when no data link can be written to",
    "Say in /studio/status that runs are kept by the Studio's checkpoints only.",
)
AT_FIRST = (READY, PAGE, SAVES, SIBLINGS, ARTIFACTS)
WITH_SETTINGS = (VARIABLES, HOSTS, PREFIX, SECRETS)
CHECKS = (*AT_FIRST, KEPT, CLONES, *WITH_SETTINGS, READ_ONLY)
