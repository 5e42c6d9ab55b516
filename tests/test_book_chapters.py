"""The chapters: form, pairs, and what executing them gives."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import yaml
from jupyter_server.services.contents.filemanager import FileContentsManager
from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

from learnsym.paths import book_root
from learnsym.publish import chapters, compare
from learnsym.publish.claims import CLAIM_MIME
from learnsym.publish.figures import FIGURE_MIME
from learnsym.publish.plotted import plotted_rows, summary
from learnsym.publish.sphinx_ext import records
from learnsym.publish.wording import UNDECIDED

ROOT = book_root()
CHAPTERS = chapters.chapter_paths()
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)


def undecided(path: Path) -> list[str]:
    """Ids of the claims that the notebook shows as not decided at its scale."""
    texts = [
        output.get("data", {}).get("text/plain", "")
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
    ]
    return [t.partition(":")[0] for t in texts if f": **{UNDECIDED}**" in t]


def in_step(path: Path) -> bool:
    """Whether a chapter is published and its notebook is that of its script."""
    script = chapters.sources(jupytext.read(path.with_suffix(".py")))
    return path.is_file() and chapters.sources(nbformat.read(path, as_version=4)) == script


def test_there_are_chapters_and_all_are_executed():
    assert len(CHAPTERS) >= 2
    assert all(in_step(path) for path in CHAPTERS)


@each_chapter
def test_first_code_cell_holds_the_parameters(path):
    notebook = nbformat.read(path, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "parameters" in first.metadata.tags
    assert [line.split(" = ")[0] for line in first.source.splitlines()] == ["scale", "seed"]


@each_chapter
def test_chapter_ends_with_a_footer(path):
    last = nbformat.read(path, as_version=4).cells[-1]
    assert "footer(scale, seed" in last.source.splitlines()[0]
    assert "nbval-ignore-output" in last.metadata.tags


@each_chapter
def test_no_cell_warns(path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []


@each_chapter
def test_every_claim_of_a_published_chapter_is_decided(path):
    assert undecided(path) == []


def test_every_figure_has_caption_alt_text_and_data():
    figures = records(CHAPTERS, ROOT, FIGURE_MIME)
    assert len(figures) >= 10
    for record in figures:
        assert len(record["caption"]) > 60 and len(record["alt"]) > 40, record["id"]
        assert sum(series["count"] for series in record["data"]) > 0


def test_claim_and_figure_ids_are_unique_and_duplicates_are_found(tmp_path):
    assert len(records(CHAPTERS, ROOT, CLAIM_MIME)) >= 25
    copy = tmp_path / "copy.ipynb"
    copy.write_bytes(CHAPTERS[0].read_bytes())
    with pytest.raises(ValueError, match="expected once"):
        records([CHAPTERS[0], copy], Path("/"), CLAIM_MIME)


@pytest.mark.chapters
@each_chapter
def test_executing_again_agrees_with_the_reference(path, tmp_path):
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    done = nbval(copy)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.chapters
@pytest.mark.parametrize("name", ["groups_and_projections", "induced_invariance"])
def test_two_runs_on_one_machine_are_equal_byte_by_byte(name, tmp_path):
    path = next(path for path in CHAPTERS if path.stem == name)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        chapters.run(chapters.read_source(path), folder, path.parent)
    footers = []  # they alone may differ: a result may have been renewed in between
    for folder in folders:
        notebook = nbformat.read(folder / "notebook.ipynb", as_version=4)
        footers.append(notebook.cells.pop())
        (folder / "notebook.ipynb").write_text(chapters.dumps(notebook), encoding="utf-8")
    first, second = ({p.name: p.read_bytes() for p in f.iterdir()} for f in folders)
    assert len(first) > 3 and first == second
    assert footers[0].source == footers[1].source


@pytest.mark.chapters
@each_chapter
def test_claims_hold_at_smoke_scale_with_another_seed(path, tmp_path):
    source = chapters.read_source(path)
    chapters.run(source, tmp_path, path.parent, {"scale": "smoke", "seed": 7})
    output = tmp_path / "notebook.ipynb"
    here, there = (
        {r["id"]: r["verdict"] for r in records([p], p.parent, CLAIM_MIME)} for p in (path, output)
    )
    left_out = undecided(output)
    assert sorted([*there, *left_out]) == sorted(here)
    assert there == {name: verdict for name, verdict in here.items() if name not in left_out}
    assert there, "expected claims that a smoke run decides"


def nbval(path: Path) -> subprocess.CompletedProcess:
    """Execute a notebook and compare its outputs by the book's rules."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q"]
    command += ["--nbval-cell-timeout=600", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["-p", "learnsym.publish.compare", "--rootdir", path.parent, path]
    environment = {**os.environ, "LEARNSYM_ROOT": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


# --- nbval with the book's comparison ----------------------------------------------------------

SOURCE = """\
import matplotlib.pyplot as plt
from learnsym.publish import claim, figure
print("seven is", {number})
claim("A: {item}", "Rounding.", {rounding}, below=1e-12)
claim("A: Corollary 3.2", "A {word}.", {measured}, {bound})
fig, ax = plt.subplots()
ax.plot([1, 2, 3], [1, 2, {point}])
figure(fig, "a-figure", title="T", caption="C", alt="What it shows")
"""
TERMS = {
    "number": 7.123,
    "rounding": 2e-16,
    "word": "word",
    "measured": 0.5,
    "bound": "between=(0, 1)",
    "point": 3.0,
    "item": "Eq. 1",
}


def small_notebook(**changes) -> nbformat.NotebookNode:
    source = SOURCE.format(**{**TERMS, **changes})
    cell = nbformat.v4.new_code_cell(source, execution_count=1)
    return chapters.normalise(nbformat.v4.new_notebook(cells=[cell]))


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The notebook of ``TERMS``, executed."""
    folder = tmp_path_factory.mktemp("reference")
    return chapters.run(small_notebook(), folder, folder)


FORGIVEN = {
    "nothing": {},
    "last digit": {"number": 7.124},
    "rounding error": {"rounding": 4e-16},
    "a ten-thousandth": {"measured": 0.50004, "point": 3.0003},
}
FOUND = {
    "one per cent": ({"number": 7.194}, "7.123"),
    "a word": ({"word": "world"}, "claim a-corollary-3-2, statement"),
    "a measurement": ({"measured": 0.51}, "claim a-corollary-3-2, measured"),
    "a bound": ({"bound": "between=(0, 0.99)"}, "claim a-corollary-3-2, bound"),
    "a kind of bound": ({"bound": "below=1"}, "claim a-corollary-3-2, bound"),
    "a verdict": (
        {"bound": "between=(0, 1), verdict='reproduced'"},
        "claim a-corollary-3-2, verdict",
    ),
    "data of a figure": ({"point": 3.03}, "figure a-figure"),
}


def compared(reference, path: Path, **changes) -> subprocess.CompletedProcess:
    """Run nbval on the notebook of ``changes`` with the outputs of the reference."""
    notebook = small_notebook(**changes)
    notebook.cells[0].outputs = reference.cells[0].outputs
    nbformat.write(notebook, path)
    return nbval(path)


@pytest.mark.parametrize("changes", FORGIVEN.values(), ids=FORGIVEN)
def test_what_machines_differ_by_is_forgiven(changes, reference, tmp_path):
    done = compared(reference, tmp_path / "small.ipynb", **changes)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("changes", "message"), FOUND.values(), ids=FOUND)
def test_what_matters_is_found(changes, message, reference, tmp_path):
    done = compared(reference, tmp_path / "small.ipynb", **changes)
    assert done.returncode == 1 and message in done.stdout, done.stdout


def test_a_lost_output_and_one_too_many_are_found(reference, tmp_path):
    for lost in range(4):
        notebook = small_notebook()
        notebook.cells[0].outputs = [
            output for k, output in enumerate(reference.cells[0].outputs) if k != lost
        ]
        nbformat.write(notebook, tmp_path / "more.ipynb")
        assert nbval(tmp_path / "more.ipynb").returncode == 1
    notebook = small_notebook()
    notebook.cells[0].source = notebook.cells[0].source.partition("fig, ax")[0]
    notebook.cells[0].outputs = reference.cells[0].outputs
    nbformat.write(notebook, tmp_path / "less.ipynb")
    assert "expected 4 outputs, got 3" in nbval(tmp_path / "less.ipynb").stdout


def outputs_of(mime: str, record: dict) -> list[dict]:
    return [{"output_type": "display_data", "data": {mime: record}}]


def figure_outputs(*lines: list[float]) -> list[dict]:
    fig, axes = plt.subplots()
    for line in lines:
        axes.plot(line)
    data = summary(plotted_rows(fig))
    plt.close(fig)
    return outputs_of(FIGURE_MIME, {"id": "f", "data": data})


@pytest.mark.parametrize("share", [1e-1, 1e-3, 1e-5])
def test_a_small_curve_beside_a_large_one_is_compared(share):
    before, after = (figure_outputs([1.0, 2.0], [share, size * share]) for size in (2.0, 3.0))
    assert compare.differences(before, before) == []
    assert "line 2" in "".join(compare.differences(before, after))


def test_rounding_errors_beside_a_large_curve_are_not():
    before, after = (figure_outputs([1.0, 2.0], [1e-8, size * 1e-8]) for size in (2.0, 3.0))
    assert compare.differences(before, after) == []


def test_infinite_and_missing_values_are_compared():
    infinite = figure_outputs([1.0, np.inf, 3.0])
    assert compare.differences(infinite, infinite) == []
    assert compare.differences(infinite, figure_outputs([1.0, 2.0, 3.0]))
    missing = compare.differences(infinite, figure_outputs([1.0, np.nan, 3.0]))
    assert "missing values" in "".join(missing)


BELOW = {"kind": "below", "value": 0, "within": None}
EQUALS = {"kind": "equals", "value": 1.0, "within": 1e-9}


@pytest.mark.parametrize(("bound", "before", "after"), [(BELOW, -3.0, -2.9), (EQUALS, 0.83, 0.85)])
def test_only_rounding_errors_are_left_to_a_bound_of_rounding(bound, before, after):
    """What misses such a bound, or meets it from far away, is a measurement like others."""
    record = {"id": "c", "bound": bound, "deviation": None, "published": None}
    first, second = (outputs_of(CLAIM_MIME, {**record, "measured": x}) for x in (before, after))
    assert compare.differences(first, first) == []
    assert "measured" in "".join(compare.differences(first, second))


def test_the_name_of_an_error_is_compared():
    first, second = (
        [{"output_type": "error", "ename": name, "evalue": "x"}] for name in ("A", "B")
    )
    assert compare.differences(first, second)


# --- a book of one chapter ---------------------------------------------------------------------


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A book of one chapter in a folder of its own."""
    (tmp_path / "_config.yml").write_text("title: Learning Symmetry\n")
    (tmp_path / "_toc.yml").write_text(
        yaml.safe_dump({"format": "jb-book", "root": "index", "chapters": [{"file": "book/demo"}]})
    )
    (tmp_path / "book" / "results").mkdir(parents=True)
    (tmp_path / "book" / "items.yml").write_bytes((ROOT / "book" / "items.yml").read_bytes())
    monkeypatch.setenv("LEARNSYM_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "book" / "demo.py"


def write_chapter(script: Path, measured: float) -> None:
    script.write_text(
        '# %% tags=["parameters"]\nscale = "book"\nseed = 0\n\n'
        "# %%\nimport matplotlib.pyplot as plt\nfrom learnsym.publish import claim, figure\n"
        f'claim("beyond", "Two is two.", {measured}, equals=2.0, within=1e-9, id="demo")\n'
        "fig, ax = plt.subplots()\nax.plot([1, 2])\n"
        'figure(fig, "demo", title="T", caption="C", alt="A line")\n'
    )


def tree(folder: Path) -> dict[Path, bytes]:
    """The files of a book that git would see."""
    files = (path for path in folder.rglob("*") if path.is_file())
    ignored = {"_build", ".ipynb_checkpoints"}
    return {path: path.read_bytes() for path in files if not ignored & set(path.parts)}


def made(demo: Path) -> Path:
    return chapters.executed_folder(demo)


def test_executing_writes_below_the_build_folder_only(demo, capsys):
    write_chapter(demo, 2.0)
    before = tree(demo.parents[1])
    assert chapters.main(["execute"]) == 0
    assert chapters.main(["execute", "--force", "demo"]) == 0
    assert tree(demo.parents[1]) == before
    names = {"notebook.ipynb", "record.json", "demo.svg", "demo.pdf", "demo.csv"}
    assert {path.name for path in made(demo).iterdir()} == names
    source = demo.parents[1] / "_build" / "source" / "book"
    assert (source / "demo.ipynb").read_bytes() == (made(demo) / "notebook.ipynb").read_bytes()
    assert {path.name for path in (source / "figures").iterdir()} == names - {
        "notebook.ipynb",
        "record.json",
    }


def test_publishing_alone_writes_the_reference(demo, capsys):
    write_chapter(demo, 2.0)
    assert chapters.main(["publish"]) == 0
    assert "book/demo.ipynb: published" in capsys.readouterr().out
    before = tree(demo.parents[1])
    assert chapters.main(["publish"]) == 0
    assert "book/demo.ipynb: as published" in capsys.readouterr().out
    assert in_step(demo.with_suffix(".ipynb"))
    assert tree(demo.parents[1]) == before


def test_a_chapter_whose_claim_fails_does_not_pass(demo, capsys):
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0
    good = (made(demo) / "notebook.ipynb").read_bytes()
    write_chapter(demo, 3.0)
    assert chapters.main(["publish"]) == 1
    assert "ClaimFailed" in capsys.readouterr().err
    assert (made(demo) / "notebook.ipynb").read_bytes() == good
    assert not demo.with_suffix(".ipynb").exists()
    assert "ClaimFailed" in (made(demo).with_name("demo.failed") / "notebook.ipynb").read_text()


@pytest.mark.parametrize("name", ["demo.svg", "demo.csv", "notebook.ipynb"])
@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("edited")])
def test_what_a_run_made_belongs_to_its_record(demo, capsys, name, change):
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0
    first = {path.name: path.read_bytes() for path in made(demo).iterdir()}
    capsys.readouterr()
    assert chapters.main(["execute"]) == 0
    assert "demo.ipynb: unchanged" in capsys.readouterr().out
    change(made(demo) / name)
    assert chapters.main(["execute"]) == 0
    assert "demo.ipynb: executed" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in made(demo).iterdir()} == first


def test_figures_of_earlier_runs_and_of_other_parameters_do_not_reach_the_site(demo, tmp_path):
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0
    chapters.run(chapters.read_source(demo.with_suffix(".ipynb")), tmp_path / "x", tmp_path)
    demo.write_text(demo.read_text().replace('figure(fig, "demo"', 'figure(fig, "other"'))
    assert chapters.main(["execute"]) == 0
    figures = demo.parents[1] / "_build" / "source" / "book" / "figures"
    assert {path.stem for path in figures.iterdir()} == {"other"}


def test_only_files_of_known_kinds_count(demo, capsys):
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0
    (demo.parent / "results" / ".DS_Store").write_text("x")
    (demo.parent / "results" / "a-book.npz.part").write_text("x")
    capsys.readouterr()
    assert chapters.main(["execute"]) == 0
    assert "unchanged" in capsys.readouterr().out
    (demo.parent / "results" / "a-book.npz").write_text("x")
    assert chapters.main(["execute"]) == 0
    assert "demo.ipynb: executed" in capsys.readouterr().out


def test_the_newer_of_script_and_notebook_counts(demo, capfd):
    write_chapter(demo, 2.0)
    chapters.main(["publish"])
    notebook = demo.with_suffix(".ipynb")
    edited = nbformat.read(notebook, as_version=4)
    edited.cells[0].source = 'scale = "book"\nseed = 5'
    nbformat.write(edited, notebook)
    os.utime(demo, (0, 0))
    before = tree(demo.parents[1])
    assert chapters.main(["execute"]) == 0
    assert "demo.ipynb is newer than demo.py and counts" in capfd.readouterr().err
    assert tree(demo.parents[1]) == before
    assert "seed = 5" in (made(demo) / "notebook.ipynb").read_text()
    assert chapters.main(["publish"]) == 0
    assert "seed = 5" in demo.read_text()
    assert in_step(notebook)


def test_a_foreign_kernel_named_python3_is_not_taken(demo, tmp_path, monkeypatch):
    foreign = tmp_path / "jupyter" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text(
        '{"argv": ["/bin/false"], "display_name": "foreign", "language": "python"}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0


def test_a_users_settings_of_matplotlib_change_nothing(demo, tmp_path, monkeypatch):
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0
    first = {path.name: path.read_bytes() for path in made(demo).iterdir()}
    settings = tmp_path / "matplotlibrc"
    settings.write_text("savefig.dpi: 30\nsavefig.facecolor: red\nsvg.fonttype: none\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(settings))
    assert chapters.main(["execute", "--force"]) == 0
    assert {path.name: path.read_bytes() for path in made(demo).iterdir()} == first


def test_saving_without_a_change_changes_no_file(demo, tmp_path):
    shutil.copy(ROOT / "jupytext.toml", tmp_path)
    notebook = demo.parent / CHAPTERS[0].name
    shutil.copy(CHAPTERS[0].with_suffix(".py"), demo.parent)
    notebook.write_text(chapters.dumps(chapters.read_source(notebook)), encoding="utf-8")
    before = tree(demo.parents[1])
    manager = build_sync_jupytext_contents_manager_class(FileContentsManager)
    server = manager(root_dir=str(demo.parents[1]))
    name = notebook.relative_to(demo.parents[1]).as_posix()
    model = server.get(name)
    server.save(model, name)
    assert tree(demo.parents[1]) == before
    model["content"]["cells"][0]["source"] += "\n\nA sentence."
    server.save(model, name)
    changed = {path for path, content in tree(demo.parents[1]).items() if content != before[path]}
    assert changed == {notebook, notebook.with_suffix(".py")}


def test_files_that_editors_and_systems_hide_do_not_count(demo, monkeypatch):
    library = demo.parents[1] / "lib"
    library.mkdir()
    (library / "room.py").write_text("x = 1")
    monkeypatch.setattr(chapters, "__file__", str(library / "publish" / "chapters.py"))
    write_chapter(demo, 2.0)
    source = chapters.read_source(demo.with_suffix(".ipynb"))
    key = chapters.chapter_key(source)
    (library / ".#room.py").symlink_to("user@host.1")  # a lock of Emacs, which points nowhere
    for folder in (library, demo.parent, demo.parents[1] / "assets"):
        (folder / ".ipynb_checkpoints").mkdir(parents=True)
        for name in ("room-checkpoint.py", "page-checkpoint.md"):
            (folder / ".ipynb_checkpoints" / name).write_text("x")
    (demo.parents[1] / "assets" / ".DS_Store").write_text("x")
    assert chapters.chapter_key(source) == key
    assert chapters.main(["execute"]) == 0
    copied = (demo.parents[1] / "_build" / "source").rglob(".*")
    assert list(copied) == []
    (library / "room.py").write_text("x = 2")
    assert chapters.chapter_key(source) != key


def test_a_kernel_that_dies_is_a_chapter_that_failed(demo, capsys):
    demo.write_text('# %% tags=["parameters"]\nscale = "book"\nseed = 0\nimport os; os._exit(1)\n')
    assert chapters.main(["execute"]) == 1
    assert "book/demo.ipynb: FAILED" in capsys.readouterr().out


def test_names_count_from_the_book(demo):
    write_chapter(demo, 2.0)
    with pytest.raises(SystemExit):
        chapters.main(["execute", demo.parents[1].name])


def test_unknown_chapter_is_refused(demo):
    write_chapter(demo, 2.0)
    with pytest.raises(SystemExit):
        chapters.main(["execute", "no-such-chapter"])


def test_normalising_strips_times_and_random_ids():
    noisy = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    noisy.cells[0].id = "random"
    noisy.cells[0].metadata = {"papermill": {"duration": 1.0}, "execution": {}, "tags": ["x"]}
    noisy.metadata["papermill"] = {"start_time": "now"}
    clean = chapters.normalise(noisy)
    assert clean.cells[0].id == "cell-000"
    assert clean.cells[0].metadata == {"tags": ["x"]}
    assert set(clean.metadata) == {"jupytext", "kernelspec", "language_info"}


def test_pieces_of_a_stream_are_joined():
    pieces = [nbformat.v4.new_output("stream", name="stdout", text=t) for t in ("a", "b")]
    pieces.append(nbformat.v4.new_output("stream", name="stderr", text="c"))
    cell = nbformat.v4.new_code_cell("pass", outputs=pieces)
    outputs = chapters.normalise(nbformat.v4.new_notebook(cells=[cell])).cells[0].outputs
    assert [out.text for out in outputs] == ["ab", "c"]
