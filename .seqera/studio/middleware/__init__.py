"""The layers between the socket and MLflow: plain ASGI callables, one concern each.

`access.guard` puts the ones that decide about access in their order. Importing this package loads
nothing: the launcher needs only the parsers of `hosts`, `frame` and `prefix`.
"""
