"""Methods on the same recordings, scored: `comparison` does one recording."""
