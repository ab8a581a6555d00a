"""Look for links of the built site that lead nowhere.

    python docs/check_links.py docs/_build/html

Pages, files and anchors, without a network; links to other sites are not asked. Exit code 1 names
each that is broken.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what can be led to, and what leads somewhere."""
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value or "")
            elif name in ("href", "src") and value:
                self.links.append(value)


def broken(root: Path) -> list[str]:
    """Return ``page: link`` for each link below `root` that leads nowhere."""
    pages = {}
    for path in sorted(root.rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            anchor = unquote(parts.fragment)
            other = pages.get(target)
            if not target.exists() or (anchor and other and anchor not in other.anchors):
                found.append(f"{path.relative_to(root)}: {link}")
    return found


def main() -> int:
    """Print what is broken."""
    root = Path(sys.argv[1]).resolve()
    found = broken(root)
    print("\n".join(found) or f"{root}: all links lead somewhere")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
