"""Claims and figures as the executed notebooks hold them; the compiled pages read nothing else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learnsym.publish.wording import BEYOND, VERDICTS

Record = dict[str, Any]


def records(notebooks: Sequence[Path], root: Path, mime: str) -> list[Record]:
    """Return all claims or figures in the order of the book, each with its ``page`` of the site.

    Raises
    ------
    ValueError
        Two of them have the same id.
    """
    found: dict[str, Record] = {}
    for path in notebooks:
        page = path.relative_to(root).with_suffix("").as_posix()
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        for record in (
            output["data"][mime] for output in outputs if mime in output.get("data", {})
        ):
            name = record["id"]
            if name in found:
                known = found[name]["page"]
                raise ValueError(f"id {name!r}: expected once, got it in {known} and {page}")
            found[name] = {**record, "page": page}
    return list(found.values())


def tally(
    claims: Sequence[Record], items: Mapping[str, Sequence[str]], paper: str
) -> dict[str, int]:
    """Return how many items of a paper have which verdict; those without are ``open``.

    An item with several claims counts under the least favourable on the paper.
    """
    order = sorted(VERDICTS, key=lambda verdict: verdict != BEYOND)
    own = [claim for claim in claims if claim["paper"] == paper]
    last = {claim["item"]: v for v in order for claim in own if claim["verdict"] == v}
    found = [last.get(item, "open") for item in items[paper]]
    return {v: found.count(v) for v in (*VERDICTS, "open") if v in found}
