"""Train the network of the method arim-fcn on ARIM's chirps: python train_network.py FILE."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields

import torch

from clearchirp.neural.arim_training import ArimTraining, train_arim
from clearchirp.neural.checkpoint import save_network


def main() -> None:
    """Train with the settings given, by default those of the model that comes with the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", help="where to write the model, .safetensors")
    for field in fields(ArimTraining):
        if field.name != "channels":
            parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    given = vars(parser.parse_args())
    file = given.pop("file")
    torch.set_num_threads(1)
    network, facts = train_arim(
        ArimTraining(**given), lambda row: print(json.dumps(row), flush=True)
    )
    save_network(file, network, facts)


if __name__ == "__main__":
    main()
