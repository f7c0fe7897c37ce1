"""The runtime of MLflow Studio: what runs in the container, and locally with `studioctl up`."""

__version__ = "0.1.0"
