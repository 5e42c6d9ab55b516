"""Formulas as MathML, for readers of electronic books, which run no scripts."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

# delimiters that the converter leaves as source where they follow \\bigl and its like
DELIMITERS = {"langle": "⟨", "rangle": "⟩", "|": "‖"}
DELIMITERS |= {f"{side}Vert": "‖" for side in ("l", "r", "")}
DELIMITERS |= {f"{side}vert": "|" for side in ("l", "r", "")}
ALIGNED = re.compile(r"\\\\|(?<!\\)&")  # a formula of several lines or columns
LARGE = re.compile(r"(\\[bB]igg?[lrm]?)\s*\\([a-zA-Z]+|[|{}])")


def converted(tex: str, display: str = "inline") -> str:
    """Return a formula as MathML."""
    known = LARGE.sub(_with_symbol, tex).replace("{aligned}", "{split}")
    return convert(known, display=display)


def _with_symbol(found: re.Match) -> str:
    size, name = found.groups()
    if name in "{}":  # alone, they would group; they stay small
        return rf"\{name}"
    return f"{size}{DELIMITERS[name]}" if name in DELIMITERS else found[0]


def inline_formula(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula of the running text."""
    writer.body.append(converted(node.astext()))
    raise nodes.SkipNode


def displayed_formula(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, with its number."""
    tex = node.astext().strip()
    if ALIGNED.search(tex) and not tex.startswith(r"\begin"):
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    number = f"({get_node_equation_number(writer, node)}) " if node["number"] else ""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    writer.body.append(f"{number}{converted(tex, display='block')}</div>\n")
    raise nodes.SkipNode
