"""A Docker engine on this machine or elsewhere: find it, build with it, push from it."""
