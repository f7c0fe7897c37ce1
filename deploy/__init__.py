"""Build, ship and run the MLflow Studio: the package behind ``studioctl``."""

__version__ = "0.1.0"
