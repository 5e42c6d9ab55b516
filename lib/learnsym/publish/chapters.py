"""Execute the chapters, make the source of the site from them, publish them as the reference.

A chapter is a script ``NAME.py`` (py:percent) with its committed notebook ``NAME.ipynb`` beside it.
``python -m learnsym.publish.chapters execute`` runs every chapter of ``_toc.yml`` whose key changed
(its source, the library, the stored results, the versions of what computes) into
``_build/executed``, and gathers the site's source in ``_build/source``. It writes nothing else.
``publish`` alone copies executed notebooks to their place beside the scripts.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import jupytext
import nbformat
import papermill
import yaml
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from learnsym.paths import book_root

PACKAGES = ("numpy", "scipy", "torch", "matplotlib", "learnsym")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
JUPYTEXT = {"cell_metadata_filter": "tags,-all", "notebook_metadata_filter": "-all"}
CELL_TIMEOUT = 1800
METADATA = ("tags", "lines_to_next_cell")  # the second one is Jupytext's
EXECUTED, UNCHANGED, FAILED = "executed", "unchanged", "FAILED"
# what the site is made of besides notebooks and figures
SITE_FILES = ("_config.yml", "_toc.yml", "CITATION.cff", "index.md", "assets/*", "book/**/*.md")
SITE_FILES += ("book/references.bib", "book/items.yml")
BOOK_FILE = "learning-symmetry"  # name of the EPUB and of the PDF


def chapter_paths(root: Path | None = None) -> list[Path]:
    """Return the notebooks named in ``_toc.yml`` of a folder, in its order, executed or not."""
    root = book_root() if root is None else root
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    named = [root / f"{entry}.ipynb" for entry in _files(toc)]
    return [p for p in named if p.is_file() or p.with_suffix(".py").is_file()]


def _files(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("file", "root"):
                yield value
            else:
                yield from _files(value)
    elif isinstance(node, list):
        for item in node:
            yield from _files(item)


def read_source(path: Path) -> NotebookNode:
    """Return the chapter's notebook, without outputs, from the newer of its two files.

    Where script and notebook differ, the file changed last counts, and a line on stderr says which.
    """
    script = path.with_suffix(".py")
    notebook = jupytext.read(script)
    if path.is_file():
        paired = nbformat.read(path, as_version=4)
        if sources(paired) != sources(notebook):
            newer, older = sorted((path, script), key=lambda p: p.stat().st_mtime, reverse=True)
            print(f"{newer.name} is newer than {older.name} and counts", file=sys.stderr)
            notebook = paired if newer == path else notebook
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return normalise(notebook)


def sources(notebook: NotebookNode) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return type, text and tags of every cell: what the two files of a chapter share."""
    return [
        (cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ())))
        for cell in notebook.cells
    ]


def out_of_step() -> list[Path]:
    """Return the chapters whose script and notebook differ, or that were never published."""
    return [
        path
        for path in chapter_paths()
        if not path.is_file()
        or sources(nbformat.read(path, as_version=4))
        != sources(jupytext.read(path.with_suffix(".py")))
    ]


def run(
    notebook: NotebookNode, folder: Path, cwd: Path, parameters: Mapping[str, object] | None = None
) -> NotebookNode:
    """Execute a notebook with papermill in a kernel of this environment.

    Parameters
    ----------
    notebook
        The notebook; it is not changed.
    folder
        Gets ``notebook.ipynb``, also when a cell fails, and the files of the figures.
    cwd
        Working directory.
    parameters
        Values for the cell tagged ``parameters``, such as ``{"scale": "smoke", "seed": 7}``.

    Raises
    ------
    papermill.exceptions.PapermillExecutionError
        A cell raised; a claim that fails does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "notebook.ipynb"
    output.write_text(dumps(notebook), encoding="utf-8")
    kernel = _kernel(folder)
    try:
        papermill.execute_notebook(
            output,
            output,
            parameters=dict(parameters or {}),
            cwd=cwd,
            kernel_name=kernel,
            progress_bar=False,
            log_output=False,
            execution_timeout=CELL_TIMEOUT,
        )
    finally:
        shutil.rmtree(_kernels() / kernel)
    executed = normalise(nbformat.read(output, as_version=4))
    output.write_text(dumps(executed), encoding="utf-8")
    return executed


def _kernel(folder: Path) -> str:
    """Describe a kernel that runs this Python and writes figures to a folder; return its name."""
    name = f"learnsym-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    options = "-m ipykernel_launcher -f {connection_file} --log-level=ERROR"
    launch = [sys.executable, *options.split()]
    setting = {
        "LEARNSYM_FIGURES": str(folder.resolve()),
        "LEARNSYM_ROOT": str(book_root()),
        # as many chapters run as there are cores: more threads would wait for each other
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
    _write(
        _kernels() / name / "kernel.json", json.dumps({**KERNEL, "argv": launch, "env": setting})
    )
    return name


def _kernels() -> Path:
    """Return a folder of kernels that Jupyter looks into."""
    home = book_root() / "_build" / "jupyter"
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if str(home) not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(home), *known]))
    return home / "kernels"


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Strip what differs between two equal executions: times, random ids, versions."""
    notebook.metadata = NotebookNode(
        jupytext=NotebookNode(JUPYTEXT),
        kernelspec=NotebookNode(KERNEL),
        language_info=NotebookNode(name="python"),
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        kept = {name: cell.metadata[name] for name in METADATA if cell.metadata.get(name)}
        cell.metadata = NotebookNode(kept)
        if cell.cell_type == "code":
            cell.outputs = merged_streams(cell.outputs)
    return notebook


def merged_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive pieces of one stream; where they break depends on timing."""
    merged: list[NotebookNode] = []
    for out in outputs:
        last = merged[-1] if merged else None
        if last and out.output_type == "stream" == last.output_type and out.name == last.name:
            last.text += out.text
        else:
            merged.append(out)
    return merged


def dumps(notebook: NotebookNode) -> str:
    """Return a notebook as text."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def executed_folder(path: Path) -> Path:
    """Return the folder of a chapter's last run: its notebook, its figures and their record."""
    root = book_root()
    return root / "_build" / "executed" / path.relative_to(root / "book").with_suffix("")


def execute(path: Path, force: bool = False) -> bool:
    """Bring the run of one chapter up to date; return whether it had to be executed.

    What a run made belongs to its record: a file that was changed or deleted since makes the
    chapter run again. A run that fails is kept in a folder of its own, ``NAME.failed``.
    """
    notebook, folder = read_source(path), executed_folder(path)
    key = chapter_key(notebook)
    if not force and _is_whole(folder, key):
        return False
    fresh = folder.with_name(f"{folder.name}.failed")
    shutil.rmtree(fresh, ignore_errors=True)
    run(notebook, fresh, path.parent)
    digests = {p.name: _digest(p.read_bytes()) for p in fresh.iterdir()}
    _write(fresh / "record.json", json.dumps({"key": key, "files": digests}))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return True


def _is_whole(folder: Path, key: str) -> bool:
    """Tell whether a run has this key, and its files are as it left them."""
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        found = {p.name: _digest(p.read_bytes()) for p in folder.iterdir()}
    except (OSError, ValueError):
        return False
    found.pop("record.json")
    return record == {"key": key, "files": found}


def chapter_key(notebook: NotebookNode) -> str:
    """Return a digest of all that a chapter's outputs depend on."""
    book = book_root() / "book"
    stored = [p for p in (book / "results").glob("[!.]*-*.*") if p.suffix in (".npz", ".json")]
    library = _visible(Path(__file__).parents[1], "**/*.py")
    files = [*sorted(library), *sorted(stored), book / "items.yml"]
    parts = [f"{p.name} {_digest(p.read_bytes())}" for p in files]
    versions = [sys.version, *(f"{name} {version(name)}" for name in PACKAGES)]
    return _digest("\n".join([dumps(notebook), *parts, *versions]).encode())


def _visible(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern without those that editors and systems hide beside them."""
    found = [path for path in folder.glob(pattern) if path.is_file()]
    return [p for p in found if not any(x.startswith(".") for x in p.relative_to(folder).parts)]


def assemble() -> Path:
    """Gather the source of the site from the last runs; return its folder.

    Files that did not change keep their time stamps, and what does not belong there is removed.

    Raises
    ------
    ValueError
        A chapter was never executed.
    """
    root = book_root()
    target = root / "_build" / "source"
    wanted = {p.relative_to(root): p for name in SITE_FILES for p in _visible(root, name)}
    wanted |= {Path(p.name): p for p in (root / "_build").glob(f"{BOOK_FILE}.*")}
    for path in chapter_paths():
        folder = executed_folder(path)
        if not (folder / "record.json").is_file():
            raise ValueError(f"{path.stem}: expected an executed chapter, got none")
        wanted[path.relative_to(root)] = folder / "notebook.ipynb"
        for file in folder.iterdir():
            if file.suffix in (".svg", ".pdf", ".csv"):
                wanted[Path("book", "figures", file.name)] = file
    for old in target.rglob("*"):
        if old.is_file() and old.relative_to(target) not in wanted:
            old.unlink()
    for name, source in wanted.items():
        content, place = source.read_bytes(), target / name
        if not place.is_file() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return target


def publish(path: Path) -> bool:
    """Make the last run of a chapter its committed notebook; return whether that changed a file."""
    text = (executed_folder(path) / "notebook.ipynb").read_text(encoding="utf-8")
    executed, script = nbformat.reads(text, as_version=4), path.with_suffix(".py")
    source = jupytext.read(script)
    pairs = [(path, text)]
    if sources(executed) != sources(source):  # the notebook was edited, and it counted
        source.cells = executed.cells
        pairs.append((script, jupytext.writes(source, fmt="py:percent")))
    changed = [p for p in pairs if not p[0].is_file() or p[0].read_text(encoding="utf-8") != p[1]]
    for file, content in changed:
        _write(file, content)
    return bool(changed)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, text: str) -> None:
    """Replace a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="learnsym.publish.chapters", description=__doc__)
    parser.add_argument("command", choices=["execute", "publish", "check", "list"])
    parser.add_argument("chapters", nargs="*", help="parts of chapter names; all by default")
    parser.add_argument("--force", action="store_true", help="execute unchanged chapters too")
    options = parser.parse_intermixed_args(arguments)
    chosen = [
        path
        for path in chapter_paths()
        if not options.chapters
        or any(part in path.relative_to(book_root()).as_posix() for part in options.chapters)
    ]
    if not chosen:
        parser.error(f"no chapter matches {options.chapters}")
    names = {path: path.relative_to(book_root()).as_posix() for path in chosen}
    if options.command == "list":
        print("\n".join(names.values()))
        return 0
    if options.command == "check":
        late = [path for path in out_of_step() if path in chosen]
        for path in late:
            print(f"{names[path]}: notebook and script differ", file=sys.stderr)
        return len(late)
    failed = _execute_all(names, options.force)
    if options.command == "publish" and not failed:
        for path in chosen:
            print(f"{names[path]}: {'published' if publish(path) else 'as published'}")
    if not failed and len(chosen) == len(chapter_paths()):
        assemble()
    return failed


def _execute_all(names: Mapping[Path, str], force: bool) -> int:
    """Execute chapters, as many at a time as there are cores; return the exit status."""

    def attempt(path: Path) -> tuple[str, str]:
        try:
            return (EXECUTED if execute(path, force) else UNCHANGED), ""
        except (PapermillExecutionError, DeadKernelError, CellTimeoutError) as error:
            return FAILED, str(error)

    # threads are enough: every chapter runs in a kernel process of its own
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(tqdm(pool.map(attempt, names), total=len(names), desc="chapters"))
    for name, (outcome, error) in zip(names.values(), outcomes, strict=True):
        print(f"{name}: {outcome}")
        if error:
            print(error, file=sys.stderr)
    return int(any(outcome == FAILED for outcome, _ in outcomes))


if __name__ == "__main__":
    sys.exit(main())
