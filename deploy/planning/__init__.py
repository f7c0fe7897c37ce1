"""From a profile and what is there to a plan: read, resolved, compared, decided, put in words.

`desired` is the Studio as it should be, `plan` decides, `making` reads all that this takes. Nothing
here changes anything on the Platform.
"""
