"""Figures: files that do not change from run to run, and a CSV of exactly what is plotted."""

import base64
import csv
import io
import itertools
import os
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import collections as mcollections
from matplotlib import patches as mpatches

from learnsym import publish
from learnsym.publish import figures
from learnsym.publish.figures import FIGURE_MIME, figure
from learnsym.publish.plotted import COLUMNS, plotted_csv, plotted_rows, summary

N = None  # an empty cell
X = np.array([0.1, 0.5, 2.0, 3.0])
Y = np.array([1.0 / 3.0, -2.5, 1e-7, 4e5])
TEXTS = {
    "title": "A decay",
    "caption": "The weight $w$ decays.",
    "alt": "A falling curve from one to zero.",
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Figures go to a temporary folder, and the style is that of a new process."""
    monkeypatch.setenv("LEARNSYM_FIGURES", str(tmp_path / "figures"))
    with mpl.rc_context():
        mpl.use("Agg")
        yield tmp_path / "figures"
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """The MIME bundles that figures show."""
    bundles = []
    monkeypatch.setattr(figures, "show", bundles.append)
    return bundles


def curve():
    fig, axes = plt.subplots()
    axes.plot(X, Y, label="$w$")
    return fig


def read(text):
    """Read a CSV back: panel, series, kind as text, x, y, value as numbers or None."""
    header, *rows = csv.reader(io.StringIO(text))
    assert tuple(header) == COLUMNS
    return [(*row[:3], *(float(cell) if cell else None for cell in row[3:])) for row in rows]


def points(kind, x, y, value=N):
    """Rows of one kind from columns."""
    columns = [np.broadcast_to(N if c is N else np.ravel(c), np.size(x)) for c in (x, y, value)]
    return [(kind, *row) for row in zip(*columns, strict=True)]


def assert_same_rows(found, expected):
    assert [row[0] for row in found] == [row[0] for row in expected]
    for got, want in zip(found, expected, strict=True):
        for a, b in zip(got[1:], want[1:], strict=True):
            assert (a is None) == (b is None), (got, want)
            assert a is None or a == pytest.approx(b, rel=1e-9, abs=1e-15), (got, want)


# --- every kind of artist --------------------------------------------------------------------

GRID = np.array([[0.25, -1.0, 3.0], [4.0, 1e-9, 6.5]])
RGB = np.linspace(0, 1, 12).reshape(2, 2, 3)
TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 2.0]])
ROWS, COLS = (index.ravel() for index in np.indices(GRID.shape))


def corners(x0, y0, x1, y1):
    """Rows of rectangles from two opposite corners each."""
    sides = [np.broadcast_to(side, np.size(x1)) for side in (x0, y0, x1, y1)]
    return [
        row
        for left, low, right, top in zip(*sides, strict=True)
        for row in [("rectangle", left, low, N), ("rectangle", right, top, N)]
    ]


def segments(first, last):
    """Rows of segments from their ends."""
    pairs = enumerate(zip(first, last, strict=True))
    return [("segments", *point, number) for number, pair in pairs for point in pair]


KINDS = {
    "line": (lambda a: a.plot(X, Y), points("line", X, Y)),
    "markers only": (lambda a: a.plot(X, Y, "o"), points("line", X, Y)),
    "two lines": (
        lambda a: a.plot(X, np.column_stack([Y, 2 * Y])),
        points("line", X, Y) + points("line", X, 2 * Y),
    ),
    "logarithmic": (lambda a: a.loglog(X, Y**2), points("line", X, Y**2)),
    "scatter": (lambda a: a.scatter(X, Y), points("points", X, Y)),
    "scatter, colours": (lambda a: a.scatter(X, Y, c=X**2), points("points", X, Y, X**2)),
    "horizontal": (lambda a: a.axhline(2.5), 2 * [("line", N, 2.5, N)]),
    "vertical": (lambda a: a.axvline(-1.5), 2 * [("line", -1.5, N, N)]),
    "error bars": (
        lambda a: a.errorbar(X, Y, yerr=[X, 2 * X], capsize=3),
        points("line", X, Y) + segments(zip(X, Y - X, strict=True), zip(X, Y + 2 * X, strict=True)),
    ),
    "error bars across": (
        lambda a: a.errorbar(X, Y, xerr=0.5, fmt="none"),
        segments(zip(X - 0.5, Y, strict=True), zip(X + 0.5, Y, strict=True)),
    ),
    "bars": (lambda a: a.bar(X, Y, width=0.2), corners(X - 0.1, 0, X + 0.1, Y)),
    "bars on a base": (
        lambda a: a.bar(X, 2 * X, width=0.2, bottom=5),
        corners(X - 0.1, 5, X + 0.1, 5 + 2 * X),
    ),
    "bars across": (lambda a: a.barh(X, Y, height=0.2), corners(0, X - 0.1, Y, X + 0.1)),
    "bars with errors": (
        lambda a: a.bar(X[:1], Y[:1], yerr=0.25, width=0.2),
        corners(X[0] - 0.1, 0, X[:1] + 0.1, Y[0])
        + segments([(X[0], Y[0] - 0.25)], [(X[0], Y[0] + 0.25)]),
    ),
    "histogram": (
        lambda a: a.hist([0.5, 1.5, 1.6, 2.5], bins=[0, 1, 2, 3]),
        corners([0, 1, 2], 0, [1, 2, 3], [1, 2, 1]),
    ),
    "image": (lambda a: a.imshow(GRID), points("image", COLS, ROWS, GRID)),
    "image in colour": (
        lambda a: a.imshow(RGB),
        points("image", np.repeat([0, 1, 0, 1], 3), np.repeat([0, 0, 1, 1], 3), RGB),
    ),
    "matshow": (lambda a: a.matshow(GRID), points("image", COLS, ROWS, GRID)),
    "horizontal span": (lambda a: a.axhspan(1, 3), [("rectangle", N, y, N) for y in (1.0, 3.0)]),
    "vertical span": (lambda a: a.axvspan(1, 3), [("rectangle", x, N, N) for x in (1.0, 3.0)]),
    "vertical lines": (
        lambda a: a.vlines([1, 2], 0, [3, 4]),
        segments([(1, 0), (2, 0)], [(1, 3), (2, 4)]),
    ),
    "segments with colours": (
        lambda a: a.add_collection(
            mcollections.LineCollection([TRIANGLE[:2], TRIANGLE[1:]], array=[7, 9])
        ),
        points("segments", [0, 1, 1, 0.5], [0, 0, 0, 2], [7, 7, 9, 9]),
    ),
    "rectangle": (
        lambda a: a.add_patch(mpatches.Rectangle((1, 2), 3, 4)),
        corners(1, 2, [4], 6),
    ),
}


@pytest.mark.parametrize(("draw", "expected"), KINDS.values(), ids=KINDS)
def test_csv_is_what_is_plotted(draw, expected):
    fig, axes = plt.subplots()
    draw(axes)
    rows = read(plotted_csv(plotted_rows(fig)))
    assert {row[0] for row in rows} == {"1"}
    found = [row[2:] for row in rows]
    assert_same_rows(found, expected)


def test_bands_hold_both_edges_of_every_piece():
    fig, axes = plt.subplots()
    axes.fill_between([0, 1, 2, 3, 4], [1, 2, 3, 4, 5], 0, where=[1, 1, 0, 1, 1])
    axes.fill_betweenx([1, 2], [3, 4], [5, 6])
    rows = read(plotted_csv(plotted_rows(fig)))
    assert {row[2] for row in rows} == {"band"} and len({row[1] for row in rows}) == 2
    for name, number, corners in [
        ("band 1", 0, {(0, 1), (1, 2), (0, 0), (1, 0)}),
        ("band 1", 1, {(3, 4), (4, 5), (3, 0), (4, 0)}),
        ("band 2", 0, {(3, 1), (4, 2), (5, 1), (6, 2)}),
    ]:
        assert {row[3:5] for row in rows if (row[1], row[5]) == (name, number)} == corners


def test_hidden_artists_and_panels_are_left_out():
    fig, (left, middle, right) = plt.subplots(1, 3)
    left.plot(X, Y)
    for axes in (middle, right):
        for name in KINDS.keys() - {"logarithmic"}:
            KINDS[name][0](axes)
    for artist in [*middle.lines, *middle.collections, *middle.patches, *middle.images]:
        artist.set_visible(False)
    right.set_visible(False)
    rows = read(plotted_csv(plotted_rows(fig)))
    assert_same_rows([row[2:] for row in rows], points("line", X, Y))


@pytest.mark.parametrize(
    "values", [[1.0, np.nan, 3.0], np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])]
)
def test_missing_values_are_empty_cells(values):
    fig, axes = plt.subplots()
    axes.plot([0, 1, 2], values)
    axes.scatter([0, 1, 2], [5, 6, 7], c=values)
    axes.imshow(np.ma.atleast_2d(values))
    rows = [row[2:] for row in read(plotted_csv(plotted_rows(fig)))]
    expected = [("line", 0, 1, N), ("line", 1, N, N), ("line", 2, 3, N)]
    expected += [("points", 0, 5, 1), ("points", N, N, N), ("points", 2, 7, 3)]  # not drawn
    expected += [("image", 0, 0, 1), ("image", 1, 0, N), ("image", 2, 0, 3)]
    assert sorted(row[0] for row in rows) == sorted(row[0] for row in expected)
    for kind in ("line", "points", "image"):
        assert_same_rows(
            [row for row in rows if row[0] == kind], [row for row in expected if row[0] == kind]
        )


def test_numbers_have_ten_digits():
    fig, axes = plt.subplots()
    axes.plot([np.pi, -0.0], [1e-300, 123456789012.0])
    last = [line.split(",")[3:] for line in plotted_csv(plotted_rows(fig)).splitlines()[1:]]
    assert last == [["3.141592654", "1e-300", ""], ["0", "1.23456789e+11", ""]]


# --- names of panels, series, categories ------------------------------------------------------


def names(fig):
    return [row[:2] for row in read(plotted_csv(plotted_rows(fig)))]


def test_panels_are_named_by_title_or_number():
    fig, (a, b, c, d) = plt.subplots(1, 4)
    for axes in (a, b, c, d):
        axes.plot([1], [2])
    a.set_title("Centre")
    b.set_title("Left", loc="left")
    c.set_title("Twice")
    d.set_title("Twice")
    assert [name[0] for name in names(fig)] == ["Centre", "Left", "3", "4"]


def test_series_are_named_by_label_or_number():
    fig, axes = plt.subplots()
    axes.plot([1], [2], label="rate, $w_1$")
    axes.plot([1], [2])
    axes.plot([1], [2])
    axes.bar([1], [2], label="counts")
    axes.errorbar([1], [2], yerr=[1], label="mean")
    axes.legend()
    found = [name[1] for name in names(fig)]
    assert sorted(set(found)) == ["counts", "line 1", "line 2", "mean", "rate, $w_1$"]


def test_words_on_an_axis_are_exported():
    fig, axes = plt.subplots()
    axes.bar(["nominal", "augmented"], [1.0, 2.0])
    axes.set_yticks([0, 1], ["low", "1"])  # a number as a label is no word
    rows = read(plotted_csv(plotted_rows(fig)))
    ticks = [row[1:] for row in rows if row[2].endswith("tick")]
    assert ticks == [
        ("nominal", "x tick", 0, N, N),
        ("augmented", "x tick", 1, N, N),
        ("low", "y tick", N, 0, N),
    ]


def test_decoration_is_left_out():
    fig, axes = plt.subplots()
    image = axes.imshow(GRID)
    fig.colorbar(image)
    axes.text(0, 0, "a note")
    axes.annotate("here", (0, 0), (1, 1), arrowprops={"arrowstyle": "->"})
    axes.plot([0, 1], [0, 1], transform=axes.transAxes)  # a mark in the corner
    axes.grid(True)
    assert {row[2] for row in read(plotted_csv(plotted_rows(fig)))} == {"image"}


def test_a_second_scale_is_a_panel():
    fig, axes = plt.subplots()
    axes.plot([1], [2])
    axes.twinx().plot([3], [4])
    assert sorted(row[3] for row in read(plotted_csv(plotted_rows(fig)))) == [1, 3]


# --- what cannot be exported ------------------------------------------------------------------


UNSUPPORTED = {
    "unbounded line": lambda axes: axes.axline((0, 1), (2, 5)),
    "mesh": lambda axes: axes.pcolormesh([0, 1, 2, 4], [0, 2, 3], GRID),
    "polygon": lambda axes: axes.fill(*TRIANGLE.T),
    "circle": lambda axes: axes.add_patch(mpatches.Circle((1, 2), 0.5)),
    "stairs": lambda axes: axes.stairs([3, 5], [0, 1, 4]),
    "contour": lambda axes: axes.contour(np.add.outer(X, Y)),
    "arrows": lambda axes: axes.quiver([0, 1], [2, 3], [4, 5], [6, 7]),
    "pie": lambda axes: axes.pie([1, 2]),
    "ellipse": lambda axes: axes.add_patch(mpatches.Ellipse((0, 0), 1, 2)),
    "arrow patch": lambda axes: axes.add_patch(mpatches.FancyArrowPatch((0, 0), (1, 1))),
    "smooth mesh": lambda axes: axes.pcolormesh(
        [0, 1], [0, 1], [[1, 2], [3, 4]], shading="gouraud"
    ),
    "smooth triangles": lambda axes: axes.tripcolor(
        [0, 1, 0], [0, 0, 1], [1.0, 2.0, 3.0], shading="gouraud"
    ),
    "three dimensions": lambda axes: axes.figure.add_subplot(projection="3d").plot([0], [0], [0]),
    "figure image": lambda axes: axes.figure.figimage(np.ones((2, 2))),
    "hexagons": lambda axes: axes.hexbin(X, Y, gridsize=3),
    "barbs": lambda axes: axes.barbs([0, 1], [0, 1], [10, 20], [30, 40]),
    "uneven pixels": lambda axes: axes.pcolorfast([0, 1, 5], [0, 1, 5], np.ones((2, 2))),
    "several sizes": lambda axes: axes.scatter(X, Y, s=10 * X),
    "inset": lambda axes: axes.inset_axes([0.5, 0.5, 0.4, 0.4]).plot([5], [6]),
    "second axis": lambda axes: axes.secondary_xaxis("top"),
}


@pytest.mark.parametrize("draw", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_what_has_no_place_in_the_table_is_refused(draw, folder):
    fig = curve()  # with data that can be exported: nothing may be left out beside them
    draw(fig.axes[0])
    with pytest.raises(ValueError, match="expected"):
        figure(fig, "a-figure", **TEXTS)
    assert not folder.exists()  # no file without its data


@pytest.mark.parametrize("draw", [lambda fig: None, lambda fig: fig.add_subplot().text(0, 0, "x")])
def test_a_figure_without_data_is_refused(draw):
    fig = plt.figure()
    draw(fig)
    with pytest.raises(ValueError, match="expected plotted data"):
        plotted_csv(plotted_rows(fig))


# --- files ------------------------------------------------------------------------------------


def test_three_files_and_what_is_shown(folder, shown):
    fig = curve()
    expected = plotted_csv(plotted_rows(fig))
    texts = {name: text.replace(" ", "\n  ") for name, text in TEXTS.items()}
    figure(fig, "a-figure", **texts, width="400px")
    assert sorted(path.name for path in folder.iterdir()) == [
        "a-figure.csv",
        "a-figure.pdf",
        "a-figure.svg",
    ]
    assert (folder / "a-figure.csv").read_text(encoding="utf-8") == expected
    assert (folder / "a-figure.pdf").read_bytes().startswith(b"%PDF-")
    assert b"<svg" in (folder / "a-figure.svg").read_bytes()
    assert not plt.fignum_exists(fig.number)
    (bundle,) = shown
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    record = {"id": "a-figure", **TEXTS, "width": "400px"}
    assert bundle[FIGURE_MIME] == {**record, "data": summary(plotted_rows(curve()))}
    assert bundle["text/plain"] == "Figure a-figure: A decay"


def test_nothing_is_written_where_no_folder_is_named(monkeypatch, tmp_path, shown):
    monkeypatch.delenv("LEARNSYM_FIGURES")
    monkeypatch.chdir(tmp_path)
    figure(curve(), "a-figure", **TEXTS)
    assert list(tmp_path.iterdir()) == [] and len(shown) == 1


def test_summary_tells_one_curve_from_another():
    rows = [("1", "a", "line", float(x), x**0.5, np.nan) for x in range(1000)]
    (found,) = summary(rows)
    assert found["series"] == "1 / a / line" and found["count"] == 1000 and found["value"] == ""
    mean, size, *shown = map(float, found["y"].split())
    y = np.sqrt(np.arange(1000))
    assert len(shown) == 20 and shown[0] == 0 and shown[-1] == pytest.approx(y[-1], rel=1e-3)
    assert mean == pytest.approx(y.mean(), rel=1e-3)
    assert size == pytest.approx(np.sqrt(np.mean(y**2)), rel=1e-3)
    moved = [(*row[:4], row[4] * 1.01, np.nan) for row in rows]
    assert summary(moved) != summary(rows)
    assert summary([("1", "a", "line", 1e-300, np.nan, np.nan)])[0]["x"] == "1e-300 1e-300 1e-300"


SCRIPT = """
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from learnsym import publish

publish.use_style()
x = np.linspace(0, 3, 20)
fig, (left, right) = plt.subplots(1, 2)
left.plot(x, np.exp(-x), marker="o", label="$e^{-x}$")
left.fill_between(x, 0, np.exp(-x), alpha=0.2, hatch="//")
left.scatter(x, x, c=x)
left.axhspan(0.2, 0.4)
left.legend()
fig.colorbar(right.imshow(np.outer(x, x)))
right.set_title("image")
publish.figure(fig, "a-figure", title="T", caption="C.", alt="A.")
"""


def test_two_processes_write_the_same_bytes(tmp_path):
    runs = []
    for name, clock in [("one", "0"), ("two", "1234567890")]:
        out = tmp_path / name
        # other hash seed, other date, other working directory
        out.mkdir()
        environment = {
            **os.environ,
            "LEARNSYM_FIGURES": str(out / "figures"),
            "PYTHONHASHSEED": clock[0],
            "SOURCE_DATE_EPOCH": clock,
        }
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            cwd=out,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        runs.append({path.name: path.read_bytes() for path in (out / "figures").iterdir()})
    assert sorted(runs[0]) == ["a-figure.csv", "a-figure.pdf", "a-figure.svg"]
    assert runs[0] == runs[1]
    assert b"Date" not in runs[0]["a-figure.pdf"]
    assert b"date>" not in runs[0]["a-figure.svg"]


# --- bad arguments ---------------------------------------------------------------------------


def test_style_of_the_process_does_not_reach_the_hash_salt(folder, shown):
    mpl.rcParams["svg.hashsalt"] = None
    fig, axes = plt.subplots()
    axes.plot(X, X, marker="o")
    axes.fill_between(X, X, 0, hatch="//")
    figure(fig, "a-figure", **TEXTS)
    first = (folder / "a-figure.svg").read_bytes()
    fig, axes = plt.subplots()
    axes.plot(X, X, marker="o")
    axes.fill_between(X, X, 0, hatch="//")
    figure(fig, "a-figure", **TEXTS)
    assert (folder / "a-figure.svg").read_bytes() == first
    assert shown[0] == shown[1]


BAD = {
    "title, empty": ({"title": ""}, "title of figure a-figure: expected text"),
    "title, none": ({"title": None}, "title of figure a-figure: expected text"),
    "caption, blank": ({"caption": " \n "}, "caption of figure a-figure: expected text"),
    "caption, none": ({"caption": None}, "caption of figure a-figure: expected text"),
    "alt, empty": ({"alt": ""}, "alt of figure a-figure: expected text"),
    "alt, none": ({"alt": None}, "alt of figure a-figure: expected text"),
    "alt is the caption": ({"alt": TEXTS["caption"]}, "got the caption again"),
    "alt is the caption, broken": (
        {"alt": " " + TEXTS["caption"].replace(" ", "\n")},
        "got the caption again",
    ),
    "id, capital": ({"id": "A-figure"}, "id: expected lower-case"),
    "id, path": ({"id": "../a"}, "id: expected lower-case"),
    "id, underscore": ({"id": "a_figure"}, "id: expected lower-case"),
    "id, empty": ({"id": ""}, "id: expected lower-case"),
    "id, none": ({"id": None}, "id: expected lower-case"),
    "width, number": ({"width": 400}, "width of figure a-figure: expected a length"),
    "width, no unit": ({"width": "400"}, "width of figure a-figure: expected a length"),
    "fig, axes": ({"fig": "axes"}, "fig: expected a matplotlib Figure"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused(changes, message, folder, shown):
    terms = {"fig": curve(), "id": "a-figure", **TEXTS, **changes}
    with pytest.raises(ValueError, match=message):
        figure(terms.pop("fig"), terms.pop("id"), **terms)
    assert not folder.exists() and shown == []


# --- style ------------------------------------------------------------------------------------


def luminance(colour):
    """Relative luminance of a colour (WCAG 2)."""
    rgb = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_series_differ_without_colour():
    publish.use_style()
    axes = plt.figure().add_subplot()
    lines = [axes.plot([0, 1], [k, k])[0] for k in range(len(publish.COLORS))]
    looks = [(round(luminance(line.get_color()), 3), str(line._dash_pattern)) for line in lines]
    assert len(set(looks)) == len(lines)
    for (grey, dashes), (next_grey, next_dashes) in itertools.pairwise(looks):
        assert abs(grey - next_grey) > 0.05 or dashes != next_dashes
    assert len(set(publish.MARKERS)) == len(publish.MARKERS) == len(publish.COLORS)


def test_style_has_no_box_and_a_font_that_comes_with_matplotlib():
    publish.use_style()
    assert not mpl.rcParams["axes.spines.top"] and not mpl.rcParams["axes.spines.right"]
    assert mpl.rcParams["font.size"] >= 10
    found = mpl.font_manager.findfont(mpl.rcParams["font.family"][0], fallback_to_default=False)
    assert found.startswith(mpl.get_data_path())
