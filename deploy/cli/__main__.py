"""`python -m deploy.cli` is `studioctl`."""

from deploy.cli import main

main()
