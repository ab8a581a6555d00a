"""
Training a network
==================

Networks are trained on simulated scenes, or on clean recordings of your own with interference
added. This example needs the extra ``neural`` (PyTorch); where it is not installed it says so and
shows no more.
"""

from importlib.util import find_spec

THERE = find_spec("torch") is not None and find_spec("lightning") is not None

# %%
# From the command line it is one configuration and one command. A run that is interrupted goes on
# when the command is given again:
#
# .. code-block:: console
#
#    python -m pip install "clearchirp[neural]"
#    clearchirp train config.toml -o run
#    clearchirp mitigate recording.npz -m aenn --set model=run/config.safetensors -o clean.npz
#
# The configuration, here so small that it is trained while this page is built: four maps in
# tiles, two to tell how good it is, three epochs. A network to use needs hundreds of maps.

CONFIG = """
network = "s3"
loss = "bce"

[data]
source = "e2e"
training = [0, 4]
validation = [2500, 2502]
tile = [16, 48, 48]

[training]
epochs = 3
rate = 0.01
"""

if THERE:
    import csv
    import tempfile
    from pathlib import Path

    from clearchirp.neural.config import load_config
    from clearchirp.neural.training import train

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "tiny.toml")
        config.write_text(CONFIG, encoding="utf-8")
        done = train(load_config(config), Path(folder, "run"))
        with Path(folder, "run", "log.csv").open(encoding="utf-8") as file:
            log = list(csv.DictReader(file))
    print(f"F1 {done.f1:.2f} on two maps after {done.epochs} epochs, {done.seconds:.0f} s")
else:
    print("PyTorch or Lightning is not installed here; nothing is trained on this page")

# %%
# The loss over the epochs. F1 of the object detector on the maps of validation, not the loss, says
# which epoch is kept.

if THERE:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    epochs = [int(row["epoch"]) + 1 for row in log]
    axes.plot(epochs, [float(row["loss"]) for row in log], "o-")
    axes.set(xlabel="epoch", ylabel="training loss", xticks=epochs)
    axes.grid(alpha=0.3)
    plt.show()

# %%
# Networks that come with the package are methods like the others; each has its page. A model of
# your own is the setting ``model`` of the same methods.
