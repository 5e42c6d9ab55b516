"""Small tables in a chapter."""

from collections.abc import Sequence

from learnsym.publish.display import show


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Show a table; cells are Markdown.

    Raises
    ------
    ValueError
        A row has another number of cells than the header.
    """
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(f"rows[{number}]: expected {len(header)} cells, got {len(row)}")
    lines = [header, ["---"] * len(header), *rows]
    text = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    plain = "\n".join("  ".join(str(cell) for cell in row) for row in [header, *rows])
    show({"text/markdown": text, "text/plain": plain})


def _cell(value: object) -> str:
    """Return a cell on one line, with its bars marked as text and not as borders."""
    return " ".join(str(value).split()).replace("|", "\\|")
