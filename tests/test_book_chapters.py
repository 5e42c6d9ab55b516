"""The chapters: form, pairs, and what executing them gives."""

import ast
import csv
import math
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from learnsym.paths import book_root
from learnsym.publish import chapters, compiled
from learnsym.publish.claims import UNDECIDED
from learnsym.publish.figures import FIGURE_MIME

ROOT = book_root()
CHAPTERS = chapters.chapter_paths()
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)


def committed(path: Path) -> bytes:
    """The file as committed; as it lies here where its chapter's script has uncommitted changes."""
    script = path.with_suffix(".py") if path.suffix == ".ipynb" else path
    git = ["git", "-C", str(ROOT)]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", script], check=False)
    shown = subprocess.run(
        [*git, "show", f"HEAD:{path.relative_to(ROOT)}"], capture_output=True, check=False
    )
    return path.read_bytes() if changed.returncode or shown.returncode else shown.stdout


def undecided(path: Path) -> list[str]:
    """Ids of the claims that the notebook shows as not decided at its scale."""
    texts = [
        output.get("data", {}).get("text/plain", "")
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
    ]
    return [t.removeprefix(f"{UNDECIDED}: ") for t in texts if t.startswith(UNDECIDED)]


def test_there_are_chapters_and_all_are_executed():
    assert len(CHAPTERS) >= 2
    assert chapters.out_of_step() == []


@each_chapter
def test_chapter_defines_nothing(path):
    tree = ast.parse(path.with_suffix(".py").read_text(encoding="utf-8"))
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, forbidden)] == []


@each_chapter
def test_first_code_cell_holds_the_parameters(path):
    notebook = nbformat.read(path, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "parameters" in first.metadata.tags
    assert [line.split(" = ")[0] for line in first.source.splitlines()] == ["scale", "seed"]


@each_chapter
def test_chapter_ends_with_a_footer(path):
    last = nbformat.read(path, as_version=4).cells[-1]
    assert last.source.startswith("publish.footer(")
    assert "nbval-ignore-output" in last.metadata.tags


@each_chapter
def test_no_cell_warns(path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []


@each_chapter
def test_every_claim_of_a_published_chapter_is_decided(path):
    assert undecided(path) == []


def test_every_figure_has_caption_alt_text_and_files():
    figures = compiled.figures(CHAPTERS, ROOT)
    assert len(figures) >= 10
    for entry in figures:
        record = entry.record
        assert len(record["caption"]) > 60 and len(record["alt"]) > 40, record["id"]
        for kind in ("svg", "pdf", "csv"):
            assert (ROOT / "book" / "figures" / f"{record['id']}.{kind}").stat().st_size > 100


def test_no_figure_file_is_left_over():
    known = {entry.record["id"] for entry in compiled.figures(CHAPTERS, ROOT)}
    assert {path.stem for path in (ROOT / "book" / "figures").glob("*.*")} == known


def test_claim_and_figure_ids_are_unique_and_duplicates_are_found(tmp_path):
    assert len(compiled.claims(CHAPTERS, ROOT)) >= 25
    copy = tmp_path / "copy.ipynb"
    copy.write_bytes(CHAPTERS[0].read_bytes())
    with pytest.raises(ValueError, match="expected once"):
        compiled.claims([CHAPTERS[0], copy], Path("/"))


@pytest.mark.chapters
@each_chapter
def test_executing_again_changes_nothing(path, tmp_path):
    """One execution by nbval: against the committed outputs, then byte by byte against our own."""
    copy = tmp_path / path.name
    copy.write_bytes(committed(path))
    done = nbval(copy)
    assert done.returncode == 0, done.stdout[-3000:]
    executed = chapters.normalise(nbformat.read(recorded(copy), as_version=4))
    assert chapters.dumps(executed) == path.read_text(encoding="utf-8")
    for cell in executed.cells:
        for out in cell.get("outputs", []):
            if FIGURE_MIME in out.get("data", {}):
                name = out["data"][FIGURE_MIME]["id"] + ".csv"
                before = committed(ROOT / "book" / "figures" / name).decode()
                assert_tables_agree(before, (tmp_path / name).read_text(encoding="utf-8"))


@pytest.mark.chapters
@each_chapter
def test_claims_hold_at_smoke_scale_with_another_seed(path, tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_FIGURES", str(tmp_path))
    output = tmp_path / path.name
    chapters.run(path, output, {"scale": "smoke", "seed": 7})
    here, there = (
        {entry.record["id"]: entry.record["verdict"] for entry in compiled.claims([p], p.parent)}
        for p in (path, output)
    )
    left_out = undecided(output)
    assert sorted([*there, *left_out]) == sorted(here)
    assert there == {name: verdict for name, verdict in here.items() if name not in left_out}
    assert there, "expected claims that a smoke run decides"


def nbval(path: Path) -> subprocess.CompletedProcess:
    """Execute a notebook and compare its outputs; the new ones are written to ``recorded``."""
    here = str(Path(__file__).parent)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-cell-timeout=600", "-q"]
    command += ["-p", "no:cacheprovider", "-p", "nbval_record", "-c", os.devnull]
    command += ["--rootdir", path.parent, path]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")])),
        "LEARNSYM_FIGURES": str(path.parent),
        "LEARNSYM_ROOT": str(ROOT),
        "NBVAL_RECORD": str(recorded(path)),
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def recorded(path: Path) -> Path:
    return path.with_suffix(".recorded.ipynb")


def small_notebook(text: str) -> nbformat.NotebookNode:
    output = nbformat.v4.new_output("stream", name="stdout", text=f"{text}\n")
    cell = nbformat.v4.new_code_cell("print(1 + 1)", outputs=[output], execution_count=1)
    return chapters.normalise(nbformat.v4.new_notebook(cells=[cell]))


def test_nbval_sees_a_changed_output_and_records_what_it_got(tmp_path):
    for text, status in (("2", 0), ("3", 1)):
        path = tmp_path / f"says{text}.ipynb"
        nbformat.write(small_notebook(text), path)
        assert nbval(path).returncode == status
        executed = chapters.normalise(nbformat.read(recorded(path), as_version=4))
        assert chapters.dumps(executed) == chapters.dumps(small_notebook("2"))


def assert_tables_agree(before: str, after: str) -> None:
    """Same words; numbers equal up to 1e-6, or 1e-9 of the largest in their column."""
    old, new = (list(csv.reader(text.splitlines())) for text in (before, after))
    assert len(old) == len(new) and old[0] == new[0]
    for column in zip(*old[1:], *new[1:], strict=True) if old[1:] else []:
        half = len(column) // 2
        numbers = [abs(float(v)) for v in column if is_number(v)]
        noise = 1e-9 * max(numbers, default=0.0)
        for a, b in zip(column[:half], column[half:], strict=True):
            if is_number(a) and is_number(b):
                assert math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=noise)
            else:
                assert a == b


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_tables_that_differ_are_found():
    table = "series,x,y\na,1,2\na,3,1e-17\n"
    assert_tables_agree(table, table.replace("1e-17", "3e-17"))
    for change in (("2", "2.001"), ("a,1", "b,1"), ("a,3,1e-17\n", "")):
        with pytest.raises(AssertionError):
            assert_tables_agree(table, table.replace(*change))


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
        "# %%\nfrom learnsym import publish\n"
        'publish.claim("demo", "Two is two.", paper=None, item=None, paper_value=None,\n'
        f"    measured={measured}, expected=2.0, tolerance=1e-9, verdict=publish.BEYOND)\n"
    )


def test_a_chapter_whose_claim_fails_does_not_pass(demo, capsys):
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0
    good = demo.with_suffix(".ipynb").read_bytes()
    write_chapter(demo, 3.0)
    assert chapters.main(["execute"]) == 1
    assert "ClaimFailed" in capsys.readouterr().err
    assert demo.with_suffix(".ipynb").read_bytes() == good
    assert (demo.parents[1] / "_build" / "executed" / "demo.ipynb").is_file()


def test_unchanged_chapters_are_skipped_and_changed_ones_are_not(demo, capsys):
    write_chapter(demo, 2.0)
    assert chapters.main(["execute"]) == 0
    first = demo.with_suffix(".ipynb").read_bytes()
    assert chapters.main(["execute"]) == 0
    assert "unchanged" in capsys.readouterr().out
    assert chapters.main(["execute", "--force"]) == 0
    assert demo.with_suffix(".ipynb").read_bytes() == first
    demo.with_suffix(".ipynb").write_bytes(first.replace(b"Two is two.", b"Two is 2."))
    os.utime(demo.with_suffix(".ipynb"), (0, 0))
    assert chapters.main(["check"]) == 1
    assert chapters.main(["execute"]) == 0
    assert demo.with_suffix(".ipynb").read_bytes() == first
    assert chapters.main(["check"]) == 0


def test_the_newer_of_script_and_notebook_wins(demo):
    write_chapter(demo, 2.0)
    chapters.main(["execute"])
    notebook = demo.with_suffix(".ipynb")
    edited = nbformat.read(notebook, as_version=4)
    edited.cells[0].source = 'scale = "book"\nseed = 5'
    nbformat.write(edited, notebook)
    os.utime(demo, (0, 0))
    assert chapters.main(["execute"]) == 0
    assert "seed = 5" in demo.read_text()
    assert chapters.main(["check"]) == 0


def test_unknown_chapter_is_refused(demo):
    write_chapter(demo, 2.0)
    with pytest.raises(SystemExit):
        chapters.main(["execute", "no-such-chapter"])


def test_normalising_strips_times_and_random_ids():
    noisy = small_notebook("2")
    noisy.cells[0].id = "random"
    noisy.cells[0].metadata = {"papermill": {"duration": 1.0}, "execution": {}, "tags": ["x"]}
    noisy.metadata["papermill"] = {"start_time": "now"}
    clean = chapters.normalise(noisy)
    assert clean.cells[0].id == "cell-000"
    assert clean.cells[0].metadata == {"tags": ["x"]}
    assert set(clean.metadata) == {"kernelspec", "language_info"}


def test_pieces_of_a_stream_are_joined():
    pieces = [nbformat.v4.new_output("stream", name="stdout", text=t) for t in ("a", "b")]
    pieces.append(nbformat.v4.new_output("stream", name="stderr", text="c"))
    cell = nbformat.v4.new_code_cell("pass", outputs=pieces)
    outputs = chapters.normalise(nbformat.v4.new_notebook(cells=[cell])).cells[0].outputs
    assert [out.text for out in outputs] == ["ab", "c"]
