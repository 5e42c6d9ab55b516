"""Formulas as MathML, for readers of electronic books, which run no scripts."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

# what the converter of docutils does not know, and how it knows it
SPELLED = {r"\\dots\b": r"\\ldots", r"\\([dt]?frac)(\d)(\d)": r"\\\1{\2}{\3}"}
SPELLED |= {r"\\(bigg?|Bigg?)(?![a-zA-Z])": r"\\\1l"}


def converted(tex: str, block: bool = False) -> str:
    """Return a formula as MathML."""
    for written, known in SPELLED.items():
        tex = re.sub(written, known, tex)
    # an entity that XML does not know
    return tex2mathml(tex, as_block=block).replace("&ApplyFunction;", "&#8289;")


def inline_formula(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula of the running text."""
    writer.body.append(converted(node.astext()))
    raise nodes.SkipNode


def displayed_formula(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, with its number."""
    number = f"({get_node_equation_number(writer, node)}) " if node["number"] else ""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    writer.body.append(f"{number}{converted(node.astext().strip(), block=True)}</div>\n")
    raise nodes.SkipNode
