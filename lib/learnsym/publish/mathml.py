"""Formulas as MathML, for readers of electronic books, which run no scripts."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator


def inline_formula(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula of the running text."""
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def displayed_formula(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, with its number."""
    tex = node.astext().strip()
    if r"\\" in tex and not tex.startswith(r"\begin"):
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    number = f"({get_node_equation_number(writer, node)}) " if node["number"] else ""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    writer.body.append(f"{number}{convert(tex, display='block')}</div>\n")
    raise nodes.SkipNode
