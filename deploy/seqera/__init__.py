"""Seqera Platform: its API, as far as studioctl needs it."""
