"""The published states on a data link, seen from outside: without a server, and read-only.

The folder is a mounted bucket, or a copy of its `mlflow-studio` folder made by any tool.
"""
