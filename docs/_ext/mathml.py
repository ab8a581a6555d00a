"""Equations as MathML, which browsers draw by themselves: no script, no font, no network."""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)


def _mathml(latex: str, display: str, node: nodes.Element) -> str:
    try:
        return convert(latex, display=display)
    except Exception as error:  # whatever the converter stumbles over is a mistake in the page
        logger.warning("equation %r: %s", latex, error, location=node)
        return f"<code>{html.escape(latex)}</code>"


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(_mathml(node.astext(), "inline", node))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    number = ""
    if node.get("number"):
        number = f'<span class="eqno">({get_node_equation_number(translator, node)})</span>'
    translator.body.append(translator.starttag(node, "div", CLASS="math-block"))
    translator.body.append(_mathml(_aligned(node.astext()), "block", node) + number + "</div>")
    raise nodes.SkipNode


def _aligned(latex: str) -> str:
    """Return the equation with line breaks in an environment that has them."""
    text = latex.strip()
    if r"\\" in text and r"\begin" not in text:
        return r"\begin{align*}" + text + r"\end{align*}"
    return text


def setup(app: Any) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
