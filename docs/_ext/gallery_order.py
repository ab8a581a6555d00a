"""Order and figures of the gallery."""

from __future__ import annotations

from typing import Any

from sphinx_gallery.scrapers import figure_rst

ORDER = (
    "plot_first_look.py",
    "plot_own_scene.py",
    "plot_own_detector.py",
    "plot_own_method.py",
    "plot_evaluate.py",
    "plot_budget.py",
    "plot_receivers.py",
    "plot_live.py",
    "plot_cluster.py",
    "plot_training.py",
)


def by_list(name: str) -> str:
    """Return the place of an example: those of the list first, then the others by name."""
    return f"{ORDER.index(name):03d}" if name in ORDER else f"999{name}"


def figures(block: Any, block_vars: Any, gallery_conf: Any) -> str:
    """Save the Matplotlib figures that a block left in the list ``figures``, or as ``figure``.

    The library makes its figures without pyplot, so that there is nothing to collect there.
    """
    space = block_vars["example_globals"]
    found = space.pop("figures", None) or [space.pop("figure", None)]
    names = []
    for figure in (one for one in found if one is not None):
        path = next(block_vars["image_path_iterator"])
        figure.savefig(path, dpi=110)
        names.append(path)
    return figure_rst(names, gallery_conf["src_dir"])
