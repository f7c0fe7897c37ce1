"""Judge an image as the Platform will use it: run it so, and say what holds and what does not.

`report` has the words, `judging` the order. `image` looks at the image alone. A `session` runs in
`containers`, if they can be `reach`ed, or in `processes` of this machine, with `proxy` before it as
Connect is. `running` asks for what every custom Studio has to do, `tracking` for the `promises` of
one with MLflow.
"""
