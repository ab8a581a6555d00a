"""What a network looks at: the input gradient of one detection that it uncovers.

``python reproductions/e2e/attribution.py [--model bce-s7] [--out docs/studies]`` prints the shares
of ``docs/studies/networks.md`` and writes its second figure.

The attribution of a detection to a bin of the disturbed map is the real part of input times
conjugate gradient of the detection's logit, (SINR - beta) / tau: to first order what the logit
would lose without the bin. It is computed through the network and the detector.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clearchirp.cfar import Cfar
from clearchirp.neural.checkpoint import load_network
from clearchirp.neural.data import ScenePairs
from clearchirp.neural.mitigators import SHIPPED
from clearchirp.neural.relaxed_cfar import RelaxedCfar
from clearchirp.report import save_figure, style
from clearchirp.simulate import load_scene

FRAMES = range(2750, 2800)
REACH = 14
"""Bins on each side of the detection that the figure shows."""


def uncovered(network: Any, whitening: Any, pairs: ScenePairs) -> tuple[Any, tuple[int, ...]]:
    """Return the maps of a frame and the bin of the clearest detection that the network uncovers.

    Clearest: an object of the clean map, nothing within 3 bins in the disturbed one, and the
    greatest SINR after the network; well inside the map.
    """
    detect, best = Cfar(axes=3), None
    for frame in FRAMES:
        pair = pairs[frame]
        output = run(network, whitening, pair.disturbed)
        ratio = RelaxedCfar().ratio(torch.from_numpy(output)[None])[0].numpy()
        good = detect(pair.clean) & detect(output)
        for a, d, r in np.argwhere(detect(pair.disturbed)):
            good[max(0, a - 3) : a + 4, max(0, d - 3) : d + 4, max(0, r - 3) : r + 4] = False
        inside = np.zeros_like(good)
        inside[3:-3, REACH:-REACH, REACH:-REACH] = True
        scores = np.where(good & inside, ratio, 0)
        where = np.unravel_index(int(scores.argmax()), scores.shape)
        if scores[where] and (best is None or scores[where] > best[0]):
            best = scores[where], pair, tuple(int(n) for n in where), frame
        if best is not None and frame >= FRAMES[0] + 11:
            break
    if best is None:
        raise SystemExit("no detection of these frames is uncovered")
    print(f"frame {best[3]}, bin {best[2]} (angle, Doppler, range), SINR {best[0]:.0f}")
    return best[1], best[2]


def run(network: Any, whitening: Any, disturbed: Any) -> Any:
    """Return the network's map of a disturbed one."""
    with torch.no_grad():
        white = whitening.apply(torch.from_numpy(disturbed))
        return whitening.undo(network(white[None, None])[0, 0]).numpy()


def attribution(network: Any, whitening: Any, disturbed: Any, where: tuple[int, ...]) -> Any:
    """Return the attribution of the detection to each bin of the map."""
    white = whitening.apply(torch.from_numpy(disturbed)).requires_grad_()
    logits = RelaxedCfar().logits(network(white[None, None]))[0, 0]
    logits[where].backward()
    assert white.grad is not None
    return (white.detach() * white.grad.conj()).real.numpy()


def shares(weights: Any, where: tuple[int, ...]) -> list[tuple[str, float]]:
    """Return how much of the attribution's modulus lies how far from the detection."""
    grid = np.meshgrid(*(np.arange(n) for n in weights.shape), indexing="ij")
    far = np.max([np.abs(g - w) for g, w in zip(grid, where, strict=True)], axis=0)
    modulus = np.abs(weights)
    return [
        (f"within {n}", float(modulus[far <= n].sum() / modulus.sum())) for n in (0, 1, 2, 4, 9, 19)
    ]


def draw(maps: dict[str, Any], weights: Any, where: tuple[int, ...]) -> Any:
    """Return the figure: the maps at the angle of the detection, and the attribution there."""
    angle, doppler, rng = where
    window = np.s_[angle, doppler - REACH : doppler + REACH + 1, rng - REACH : rng + REACH + 1]
    extent = (rng - REACH - 0.5, rng + REACH + 0.5, doppler - REACH - 0.5, doppler + REACH + 0.5)
    figure = style.new_figure(13, 3.9, "One detection that the network uncovers, and why")
    panels = figure.subplots(1, 4)
    for panel, (title, each) in zip(panels, maps.items(), strict=False):
        level = 20 * np.log10(np.abs(each) + 1e-12)
        shown = panel.imshow(
            level[window], origin="lower", extent=extent, cmap=style.COLOUR_MAP,
            vmax=level[window].max(), vmin=level[window].max() - 40, aspect="auto",
        )  # fmt: skip
        panel.set_title(title, fontsize=style.PANEL_SIZE)
        figure.colorbar(shown, ax=panel, label="dB", fraction=0.05)
    # The bins beside the detection itself are what there is to see.
    most = 0.1 * np.abs(weights[window]).max()
    shown = panels[3].imshow(
        weights[window], origin="lower", extent=extent, cmap="RdBu_r", vmin=-most, vmax=most,
        aspect="auto",
    )  # fmt: skip
    panels[3].set_title("attribution", fontsize=style.PANEL_SIZE)
    figure.colorbar(shown, ax=panels[3], label="of the logit, cut off", fraction=0.05)
    for panel in panels:
        panel.plot(rng, doppler, "s", markersize=11, markerfacecolor="none", markeredgecolor="red")
        panel.set_xlabel("range bin", fontsize=style.LABEL_SIZE)
    panels[0].set_ylabel("Doppler bin", fontsize=style.LABEL_SIZE)
    return figure


def main() -> None:
    """Find a detection, explain it, draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bce-s7")
    parser.add_argument("--out", type=Path, default=Path("docs/studies"))
    given = parser.parse_args()
    path = SHIPPED / f"{given.model}.safetensors"
    network, facts = load_network(path if path.exists() else Path(given.model))
    whitening = facts["whitening"]
    pair, where = uncovered(network, whitening, ScenePairs(load_scene("e2e")))
    output = run(network, whitening, pair.disturbed)
    weights = attribution(network, whitening, pair.disturbed, where)
    for name, share in shares(weights, where):
        print(f"{name} bins: {share:.3f}")
    positive = weights[weights > 0].sum() / np.abs(weights).sum()
    print(f"positive: {positive:.3f}")
    maps = {"disturbed": pair.disturbed, "clean": pair.clean, "after the network": output}
    print(save_figure(draw(maps, weights, where), given.out / "network_attribution.png"))


if __name__ == "__main__":
    main()
