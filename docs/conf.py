"""Sphinx settings: ``make docs`` builds the site into ``docs/_build/html``, without a network."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE / "_ext")]

from clearchirp import __version__  # noqa: E402

project = "clearchirp"
author = "The clearchirp developers"
copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "generated",
    "commands",
    "docstrings",
]
exclude_patterns = [
    "_build",
    "_scratch",
    "**/texts",
    "gallery/README.txt",
    "generated/*.md",
    "generated/gallery/sg_execution_times.rst",
    "generated/gallery/**/*.ipynb",
    "generated/gallery/**/*.py",
    "generated/gallery/**/*.py.md5",
]
suppress_warnings = ["config.cache"]  # the gallery's settings hold functions
nitpicky = False

# Markdown
myst_enable_extensions = ["amsmath", "attrs_block", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Docstrings
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = ["Source", "Deviations"]

# The gallery: each example runs when the site is built, and an error ends the build.
# Numba announces that a kernel is compiled for the first time in a read-only place.
warnings.filterwarnings("ignore", message=".*cannot cache function.*")
sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["generated/gallery"],
    "filename_pattern": r"plot_",
    "within_subsection_order": "gallery_order.by_list",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 600,
    "remove_config_comments": True,
    "thumbnail_size": (400, 280),
    "image_scrapers": ("gallery_order.figures",),
    "reset_modules": (),
    "nested_sections": False,
    "plot_gallery": "True",
}

# Page
html_theme = "furo"
html_title = f"clearchirp {version}"
html_static_path = ["_static"]
html_css_files = ["clearchirp.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5394", "color-brand-content": "#0b5394"},
    "dark_css_variables": {"color-brand-primary": "#8ab4f8", "color-brand-content": "#8ab4f8"},
    "navigation_with_keys": True,
}
templates_path: list[str] = []
highlight_language = "python3"
pygments_style = "friendly"
pygments_dark_style = "monokai"
