"""Studios that are there: their status in words, waiting for them, starting and stopping them."""
