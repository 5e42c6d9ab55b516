"""What a chapter shows: claims with verdicts, figures with their data, one style, a footer.

The build of the site lives beside it: :mod:`learnsym.publish.chapters` executes the notebooks,
:mod:`learnsym.publish.sphinx_ext` turns their outputs into pages.
"""

from learnsym.publish.claims import ClaimFailed, claim
from learnsym.publish.display import footer, table
from learnsym.publish.figures import figure
from learnsym.publish.style import COLORS, MARKERS, frame, use_style

__all__ = ["COLORS", "MARKERS", "ClaimFailed", "claim", "figure", "footer", "frame", "table"]
__all__ += ["use_style"]
