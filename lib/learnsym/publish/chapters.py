"""Execute the chapters, gather the source of the site, publish chapters as the reference.

A chapter is a script ``NAME.py`` (py:percent) with its committed notebook ``NAME.ipynb`` beside it.
``python -m learnsym.publish.chapters execute`` runs every chapter of ``_toc.yml`` whose key changed
(its source, the library, the stored results, the versions of what computes) into
``_build/executed``, and gathers the site's source in ``_build/source``. It writes nothing else.
``publish`` alone copies executed notebooks to their place beside the scripts.
"""

import argparse
import glob
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import jupytext
import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from sphinx_external_toc.parsing import parse_toc_yaml
from tqdm import tqdm

from learnsym.paths import book_root, write_atomically

PACKAGES = ("numpy", "scipy", "torch", "matplotlib", "learnsym")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
JUPYTEXT = {"cell_metadata_filter": "tags,-all", "notebook_metadata_filter": "-all"}
CELL_TIMEOUT = 1800
METADATA = ("tags", "lines_to_next_cell")  # the second one is Jupytext's
# what the site is made of besides notebooks and figures
SITE_FILES = ("_config.yml", "_toc.yml", "CITATION.cff", "index.md", "assets/*", "book/**/*.md")
SITE_FILES += ("book/references.bib", "book/items.yml")
RESULTS = ("book/results/*-*.npz", "book/results/*-*.json", "book/items.yml")
BOOK_FILE = "learning-symmetry"  # name of the EPUB and of the PDF


def chapter_paths(root: Path | None = None) -> list[Path]:
    """Return the notebooks named in ``_toc.yml`` of a folder, in its order, executed or not."""
    root = book_root() if root is None else root
    named = [root / f"{name}.ipynb" for name in parse_toc_yaml(root / "_toc.yml")]
    return [p for p in named if p.is_file() or p.with_suffix(".py").is_file()]


def read_source(path: Path) -> NotebookNode:
    """Return the chapter's notebook, without outputs, from the newer of its two files.

    Where script and notebook differ, the file changed last counts, and a line on stderr says which.
    """
    script = path.with_suffix(".py")
    notebook = jupytext.read(script)
    if path.is_file():
        paired = nbformat.read(path, as_version=4)
        if sources(paired) != sources(notebook):
            older, newer = sorted((path, script), key=lambda p: p.stat().st_mtime)
            print(f"{newer.name} is newer than {older.name} and counts", file=sys.stderr)
            notebook = paired if newer == path else notebook
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return normalise(notebook)


def sources(notebook: NotebookNode) -> list[tuple[str, str, list[str]]]:
    """Return type, text and tags of every cell: what the two files of a chapter share."""
    return [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in notebook.cells]


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
    settings = {
        "LEARNSYM_FIGURES": str(folder.resolve()),
        "LEARNSYM_ROOT": str(book_root()),
        # as many chapters run as there are cores: more threads would wait for each other
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        # the kernel of this environment, whatever others have its name
        "JUPYTER_PATH": "",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    with mock.patch.dict(os.environ, settings):
        papermill.execute_notebook(
            output,
            output,
            parameters=dict(parameters or {}),
            cwd=cwd,
            kernel_name=KERNEL["name"],
            progress_bar=False,
            log_output=False,
            execution_timeout=CELL_TIMEOUT,
            extra_arguments=["--log-level=ERROR"],
        )
    executed = normalise(nbformat.read(output, as_version=4))
    output.write_text(dumps(executed), encoding="utf-8")
    return executed


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
    key, record = chapter_key(notebook), folder / "record.json"
    if not force and record.is_file() and record.read_bytes() == _record(key, folder):
        return False
    fresh = folder.with_name(f"{folder.name}.failed")
    shutil.rmtree(fresh, ignore_errors=True)
    run(notebook, fresh, path.parent)
    (fresh / "record.json").write_bytes(_record(key, fresh))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return True


def _record(key: str, folder: Path) -> bytes:
    made = {path.name: _digest(path) for path in folder.iterdir() if path.name != "record.json"}
    return json.dumps({"key": key, "files": made}, sort_keys=True).encode()


def chapter_key(notebook: NotebookNode) -> str:
    """Return a digest of all that a chapter's outputs depend on."""
    files = [*_files(Path(__file__).parents[1], "**/*.py"), *_files(book_root(), *RESULTS)]
    versions = [sys.version, *(f"{name} {version(name)}" for name in PACKAGES)]
    parts = [dumps(notebook), *(f"{path.name} {_digest(path)}" for path in files), *versions]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _files(folder: Path, *patterns: str) -> list[Path]:
    """Return the files of some patterns without those that editors and systems hide."""
    found = [sorted(glob.glob(p, root_dir=folder, recursive=True)) for p in patterns]
    return [folder / name for names in found for name in names]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def assemble() -> Path:
    """Gather the source of the site from the last runs; return its folder.

    Files that did not change keep their time stamps, and what does not belong there is removed.
    """
    root = book_root()
    target = root / "_build" / "source"
    wanted = {path.relative_to(root): path for path in _files(root, *SITE_FILES)}
    wanted |= {Path(p.name): p for p in (root / "_build").glob(f"{BOOK_FILE}.*")}
    for path in chapter_paths():
        folder = executed_folder(path)
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
    source, wanted = jupytext.read(script), {path: text}
    if sources(executed) != sources(source):  # the notebook was edited, and it counted
        source.cells = executed.cells
        wanted[script] = jupytext.writes(source, fmt="py:percent")
    changed = [p for p in wanted if not p.is_file() or p.read_text(encoding="utf-8") != wanted[p]]
    for file in changed:
        write_atomically(file, wanted[file].encode())
    return bool(changed)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="learnsym.publish.chapters", description=__doc__)
    parser.add_argument("command", choices=["execute", "publish"])
    parser.add_argument("chapters", nargs="*", help="parts of chapter names; all by default")
    parser.add_argument("--force", action="store_true", help="execute unchanged chapters too")
    options = parser.parse_intermixed_args(arguments)
    names = {path: path.relative_to(book_root()).as_posix() for path in chapter_paths()}
    parts = options.chapters or [""]
    chosen = [path for path, name in names.items() if any(part in name for part in parts)]
    if not chosen:
        parser.error(f"no chapter matches {options.chapters}")
    # every chapter in a process of its own, with its own settings
    with ProcessPoolExecutor() as pool:
        outcomes = pool.map(partial(_attempt, force=options.force), chosen)
        outcomes = list(tqdm(outcomes, total=len(chosen), desc="chapters"))
    for path, (outcome, error) in zip(chosen, outcomes, strict=True):
        print(f"{names[path]}: {outcome}")
        if error:
            print(error, file=sys.stderr)
    if any(error for _, error in outcomes):
        return 1
    if options.command == "publish":
        for path in chosen:
            print(f"{names[path]}: {'published' if publish(path) else 'as published'}")
    if len(chosen) == len(names):
        assemble()
    return 0


def _attempt(path: Path, force: bool) -> tuple[str, str | None]:
    try:
        return "executed" if execute(path, force) else "unchanged", None
    except (PapermillExecutionError, CellTimeoutError, DeadKernelError) as error:
        return "FAILED", str(error)


if __name__ == "__main__":
    sys.exit(main())
