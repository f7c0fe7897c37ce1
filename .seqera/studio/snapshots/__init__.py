"""Points in time of the SQLite database, kept on a data link as write-once files.

The live database never lies on a data link: an object-store mount gives neither locks nor ordered
writes. Instead each running publisher owns one *session* there, a folder with a random name into
which it alone writes: packs of database pages, and manifests that say which packs make which state
and what their hashes are. A state counts only when its whole chain verifies, so torn, late and
missing uploads cost at most the newest points in time.

`start` decides what a new run begins with, `publish` adds states while it runs. Both are commands
of `python -m studio.snapshots`, so that the small parent process loads none of this.
"""
