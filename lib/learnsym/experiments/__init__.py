"""Simulations of the book, one module each.

The module ``learnsym.experiments.NAME`` of an experiment has

- ``Config``: a frozen dataclass of plain values (int, float, str, bool, tuples of these) with a
  field ``seed``;
- ``SCALES``: a ``Config`` for some of the scales ``smoke``, ``book`` and ``paper``;
- ``run(config, progress=True)``: the arrays by name, a function of ``config`` alone;
- ``probe(config)``: a cheap recomputation of the leading part (first runs, first epochs) of as
  many of these arrays as possible;
- ``PROBE_TOLERANCE``: how far a probe may deviate, relative to the largest absolute value of the
  stored array;
- ``EXPECTED_SECONDS``: the run time to expect at each scale.

``learnsym.results`` runs experiments and stores what they return. Nothing is imported here,
so that a change of one experiment leaves the results of all others fresh.
"""
