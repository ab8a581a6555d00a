"""Pages that are made from the catalogues, the docstrings and the stored figures.

They are written below ``docs/generated`` before the sources are read, and only where they changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import api_pages
import command_page
import drawings
import league_page
import method_pages
from sphinx.util import logging

logger = logging.getLogger(__name__)


def write(app: Any) -> None:
    """Write every page and figure that is made."""
    root = Path(app.srcdir) / "generated"
    pages = method_pages.pages() | api_pages.pages() | league_page.pages() | command_page.pages()
    for name, text in pages.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
    known = {root / name for name in pages}
    for kind in ("methods", "detectors", "api"):
        for left in set((root / kind).glob("*.*")) - known:
            left.unlink()
    for name in method_pages.without_text():
        logger.info("%s: has no text yet; its page is the catalogue's and the docstring's", name)
    drawings.write(root / "figures")


def setup(app: Any) -> dict[str, Any]:
    """Write the pages as soon as there is a builder."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
