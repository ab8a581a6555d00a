"""
Training a network
==================

Networks are trained on simulated scenes, or on clean recordings of your own with interference
added. This example needs the extra ``neural`` (PyTorch); where it is not installed it says so and
shows no more.
"""

from importlib.util import find_spec

THERE = find_spec("torch") is not None and find_spec("clearchirp.neural") is not None

# %%
# From the command line it is one configuration and one command:
#
# .. code-block:: console
#
#    python -m pip install "clearchirp[neural]"
#    clearchirp train --help
#
# What a trained network gives is a method like the others: it has a name and settings, and
# `clearchirp evaluate` puts it beside the rest.

if THERE:
    import clearchirp as cc

    trained = [name for name, entry in cc.methods.items() if ".neural." in entry.factory]
    print("networks in the catalogue:", ", ".join(trained) or "none yet")
else:
    print("PyTorch or clearchirp.neural is not installed here; nothing is trained on this page")
