"""Execute the chapters and keep their notebooks in step with their scripts.

A chapter is ``NAME.ipynb`` with outputs beside ``NAME.py`` (py:percent). The command
``python -m learnsym.publish.chapters execute`` runs every chapter of ``_toc.yml`` whose key
changed: its source, the library, the stored results and the versions of what computes. Executing
an unchanged chapter gives the same bytes.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import jupytext
import nbformat
import papermill
import yaml
from joblib import parallel_config
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from learnsym.experiments.sweep import sweep
from learnsym.paths import book_root

PACKAGES = ("numpy", "scipy", "torch", "matplotlib", "learnsym")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT = 1800
EXECUTED, UNCHANGED, FAILED = "executed", "unchanged", "FAILED"


def chapter_paths() -> list[Path]:
    """Return the notebooks named in ``_toc.yml``, in its order, whether or not they exist yet."""
    root = book_root()
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    named = [root / entry for entry in _files(toc)]
    return [p.with_name(f"{p.name}.ipynb") for p in named if p.with_name(f"{p.name}.py").is_file()]


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


def synchronise(path: Path) -> NotebookNode:
    """Return the chapter's notebook with the newer of its two sources, outputs kept.

    Where script and notebook differ, the file changed last wins, and a line on stderr says which.
    """
    script = path.with_suffix(".py")
    source = jupytext.read(script)
    if not path.is_file():
        return source
    notebook = nbformat.read(path, as_version=4)
    if sources(source) == sources(notebook):
        return notebook
    if path.stat().st_mtime > script.stat().st_mtime:
        print(f"{path.name} is newer than {script.name}: taking the notebook", file=sys.stderr)
        _write(script, jupytext.writes(notebook, fmt="py:percent"))
        return notebook
    print(f"{script.name} is newer than {path.name}: taking the script", file=sys.stderr)
    return source


def sources(notebook: NotebookNode) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return type, text and tags of every cell: what the two files of a chapter share."""
    return [
        (cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ())))
        for cell in notebook.cells
    ]


def run(path: Path, output: Path, parameters: Mapping[str, object] | None = None) -> NotebookNode:
    """Execute a notebook with papermill and return it, normalised.

    Parameters
    ----------
    path
        Notebook to execute, in its own folder; it is not changed.
    output
        Where the executed notebook is written, also when a cell fails.
    parameters
        Values for the cell tagged ``parameters``, such as ``{"scale": "smoke", "seed": 7}``.

    Raises
    ------
    papermill.exceptions.PapermillExecutionError
        A cell raised; a claim that fails does.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    papermill.execute_notebook(
        path,
        output,
        parameters=dict(parameters or {}),
        cwd=path.parent,
        kernel_name=KERNEL["name"],
        progress_bar=sys.stderr.isatty(),
        log_output=False,
        execution_timeout=CELL_TIMEOUT,
    )
    notebook = normalise(nbformat.read(output, as_version=4))
    _write(output, dumps(notebook))
    return notebook


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Strip what differs between two equal executions: times, random ids, versions."""
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(KERNEL), language_info=NotebookNode(name="python")
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        tags = cell.metadata.get("tags")
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        if cell.cell_type == "code":
            cell.outputs = _merged_streams(cell.outputs)
    return notebook


def _merged_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
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


def execute(path: Path, force: bool = False) -> bool:
    """Bring one chapter up to date in place; return whether it had to be executed.

    A chapter that fails leaves the committed notebook as it was; the failed one is kept in
    ``_build/executed``.
    """
    notebook = synchronise(path)
    record = _record_path(path)
    key = chapter_key(path)
    if not force and record.is_file() and path.is_file():
        known = json.loads(record.read_text(encoding="utf-8"))
        if known == {"key": key, "notebook": _digest(path.read_bytes())}:
            return False
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".ipynb"
    ) as source:
        source.write(dumps(normalise(_without_outputs(notebook))))
        source.flush()
        executed = run(Path(source.name), record.with_suffix(".ipynb"))
    _write(path, dumps(executed))
    content = {"key": chapter_key(path), "notebook": _digest(path.read_bytes())}
    _write(record, json.dumps(content))
    return True


def _without_outputs(notebook: NotebookNode) -> NotebookNode:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def chapter_key(path: Path) -> str:
    """Return a digest of all that a chapter's outputs depend on."""
    root = book_root()
    library = sorted(p for p in Path(__file__).parents[1].rglob("*.py"))
    stored = sorted((root / "book" / "results").glob("*"))
    files = [path.with_suffix(".py"), *library, *stored, root / "book" / "items.yml"]
    versions = [sys.version, *(f"{name} {version(name)}" for name in PACKAGES)]
    parts = [f"{p.name} {_digest(p.read_bytes())}" for p in files]
    return _digest("\n".join([*parts, *versions]).encode())


def out_of_step() -> list[Path]:
    """Return the chapters whose script and notebook differ, or that were never executed."""
    return [
        path
        for path in chapter_paths()
        if not path.is_file()
        or sources(nbformat.read(path, as_version=4))
        != sources(jupytext.read(path.with_suffix(".py")))
    ]


def _record_path(path: Path) -> Path:
    root = book_root()
    name = "--".join(path.relative_to(root / "book").with_suffix("").parts)
    return root / "_build" / "executed" / f"{name}.json"


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
    parser.add_argument("command", choices=["execute", "check", "list"])
    parser.add_argument("chapters", nargs="*", help="parts of chapter names; all by default")
    parser.add_argument("--force", action="store_true", help="execute unchanged chapters too")
    options = parser.parse_args(arguments)
    chosen = [
        path
        for path in chapter_paths()
        if not options.chapters or any(part in str(path) for part in options.chapters)
    ]
    if not chosen:
        parser.error(f"no chapter matches {options.chapters}")
    if options.command == "list":
        print("\n".join(str(path.relative_to(book_root())) for path in chosen))
        return 0
    if options.command == "check":
        late = [path for path in out_of_step() if path in chosen]
        for path in late:
            print(f"{path.relative_to(book_root())}: notebook and script differ", file=sys.stderr)
        return len(late)
    return _execute_all(chosen, options.force)


def _execute_all(chosen: list[Path], force: bool) -> int:
    """Execute chapters, as many at a time as there are cores; return the exit status."""
    # threads are enough: every chapter runs in a kernel process of its own
    with parallel_config("threading", n_jobs=-1):
        outcomes = sweep(_attempt, [(path, force) for path in chosen], description="chapters")
    for path, (outcome, error) in zip(chosen, outcomes, strict=True):
        print(f"{path.relative_to(book_root())}: {outcome}")
        if error:
            print(error, file=sys.stderr)
    return int(any(outcome == FAILED for outcome, _ in outcomes))


def _attempt(job: tuple[Path, bool]) -> tuple[str, str]:
    """Execute one chapter; return what happened and the message of its failure."""
    try:
        return (EXECUTED if execute(*job) else UNCHANGED), ""
    except PapermillExecutionError as error:
        return FAILED, str(error)


if __name__ == "__main__":
    sys.exit(main())
