"""Methods on the same recordings, scored, and their figures beside published ones.

`comparison` does one recording, `running` scenes over many frames, `reproduction` a paper.
"""
