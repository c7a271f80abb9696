"""Sphinx: Markdown in, plain pages out. Formulas become MathML here, so a page needs no script and no network to show them."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from docutils.nodes import Element, SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

project = "gridtandem"
author = "the gridtandem founders"
version = release = installed("gridtandem")
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"gridtandem {version}"
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"


def formula(translator: HTML5Translator, node: Element) -> None:
    """A formula as MathML, with its source as the text for those who cannot see it."""
    source = node.astext()
    block = node.tagname == "math_block"
    text = tex2mathml(source, as_block=block).replace("<math", f"<math alttext={quoteattr(source)}", 1)
    translator.body.append(f'<div class="math">{text}</div>' if block else text)
    raise SkipNode


def setup(app: Sphinx) -> None:
    """Give Sphinx the renderer."""
    app.add_html_math_renderer("mathml", inline_renderers=(formula, None), block_renderers=(formula, None))
