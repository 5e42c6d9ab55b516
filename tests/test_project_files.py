"""The files that describe the project agree with each other."""

import ast
import datetime
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = {"book", "test", "test-elsewhere", "results", "figures", "lint", "clean", "help"}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


# --- dependencies -----------------------------------------------------------------------------


def requirements():
    """Every requirement of the project, its extras included."""
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(line) for line in sum(extras, PROJECT["dependencies"])]


def pins(text):
    """Name and version of every line of a constraints file."""
    lines = [line.strip() for line in text.splitlines() if not line.startswith("#")]
    pairs = [line.split("==") for line in lines if line]
    return {canonicalize_name(name): version for name, version in pairs}


def unpinned(needed, pinned):
    """What is needed and not pinned, or pinned outside the range that is asked for."""
    return [
        f"{need} (pinned: {pinned.get(canonicalize_name(need.name))})"
        for need in needed
        if not need.specifier.contains(pinned.get(canonicalize_name(need.name), "0"))
        or canonicalize_name(need.name) not in pinned
    ]


def test_constraints_pin_every_dependency():
    assert unpinned(requirements(), pins(read("constraints.txt"))) == []


def test_a_missing_or_wrong_pin_is_found():
    pinned = pins("# comment\nnumpy==2.4.6\n\njupyter-book==2.0\n")
    needed = [Requirement("NumPy>=2.0"), Requirement("jupyter_book>=1,<2"), Requirement("scipy")]
    assert [line.split()[0] for line in unpinned(needed, pinned)] == ["jupyter_book<2,>=1", "scipy"]
    with pytest.raises(ValueError):
        pins("numpy>=2.0\n")


def allowed_versions():
    """Versions of Python that the project allows, as "3.11"."""
    python = SpecifierSet(PROJECT["requires-python"])
    return [f"3.{minor}" for minor in range(50) if python.contains(f"3.{minor}.99")]


def refusals(requires_python, interpreters):
    """Distributions that refuse one of the interpreters; the argument maps names to ranges."""
    return {
        f"{name} ({wanted}) refuses {version}"
        for name, wanted in requires_python.items()
        for version in interpreters
        if not SpecifierSet(wanted).contains(version)
    }


def test_every_pin_installs_on_every_python_that_the_project_allows():
    installed = {canonicalize_name(d.name): d for d in importlib.metadata.distributions()}
    wanted = {
        name: installed[name].metadata.get("Requires-Python") or ""
        for name in pins(read("constraints.txt"))
        if name in installed
    }
    assert len(wanted) > 100
    lowest = [f"{version}.0" for version in allowed_versions()]
    assert lowest[0] == "3.11.0" and lowest[-1] == "3.14.0"
    assert refusals(wanted, lowest) == set()
    assert refusals({"tool": ">=3.11.5"}, lowest) == {"tool (>=3.11.5) refuses 3.11.0"}


def third_party_imports(paths):
    """Top-level names that Python files import, without the standard library."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names)


def test_every_import_comes_from_a_pinned_distribution():
    folders = [ROOT / name for name in ("lib", "tests", "book", "benchmarks")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    own = {"learnsym", *(path.stem for path in files if path.parent.name == "tests")}
    imported = third_party_imports(files) - own
    assert {"numpy", "torch", "yaml"} <= imported
    pinned = pins(read("constraints.txt"))
    distributions = importlib.metadata.packages_distributions()
    loose = {
        name
        for name in imported
        if not any(canonicalize_name(d) in pinned for d in distributions.get(name, []))
    }
    assert loose == set()


# --- python and conda ---------------------------------------------------------------------------


def test_environment_is_a_python_with_the_whole_project():
    python, *others = yaml.safe_load(read("environment.yml"))["dependencies"]
    assert python in {f"python={version}" for version in allowed_versions()}  # as Binder reads it
    extras = ",".join(sorted(PROJECT["optional-dependencies"]))
    assert others == ["pip", {"pip": ["-c constraints.txt", f"-e .[{extras}]"]}]


def test_makefile_and_texts_name_the_versions_of_python_that_the_project_allows():
    versions = allowed_versions()
    spoken = f"Python {versions[0]} to {versions[-1]}"
    for name in ("Makefile", "README.md", "book/reproduce.md"):
        assert spoken in read(name), name
    low, high = re.search(
        r"(\(3, \d+\)) <= sys.version_info\[:2\] < (\(3, \d+\))", read("Makefile")
    ).groups()
    python = SpecifierSet(PROJECT["requires-python"])
    bounds = [".".join(map(str, ast.literal_eval(bound))) for bound in (low, high)]
    assert python == SpecifierSet(f">={bounds[0]},<{bounds[1]}")


# --- citation -----------------------------------------------------------------------------------


def test_citation_is_whole_and_names_this_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == PROJECT["version"]
    assert isinstance(citation["date-released"], datetime.date)
    assert schema_problems("citation-file-format", ROOT / "CITATION.cff") == ""
    assert PROJECT["license"] in citation["license"]


# --- continuous integration ---------------------------------------------------------------------

WORKFLOW = ".github/workflows/book.yml"


def schema_problems(kind, path):
    """What a schema that comes with check-jsonschema finds in a file; empty if nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def workflow_problems(text):
    """Where a workflow departs from the rules of this project."""
    workflow = yaml.safe_load(text)
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    found = [f"not pinned: {name}" for name in used if not re.search(r"@[0-9a-f]{40}$", name)]
    found += [f"a cache: {name}" for name in used if "cache" in name]
    found += ["a cache" for step in steps if "cache" in step.get("with", {})]
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("permissions of the whole workflow: more than to read")
    found += [
        f"no time limit: {n}" for n, job in workflow["jobs"].items() if "timeout-minutes" not in job
    ]
    # what an event says must not be pasted into a script
    found += [step["run"] for step in steps if "${{ github.event" in step.get("run", "")]
    return found


def test_the_workflow_is_sound_and_covers_what_is_supported():
    assert schema_problems("github-workflows", ROOT / WORKFLOW) == ""
    text = read(WORKFLOW)
    assert workflow_problems(text) == []
    matrix = yaml.safe_load(text)["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == [allowed_versions()[0], allowed_versions()[-1]]
    assert {system.split("-")[0] for system in matrix["system"]} == {"ubuntu", "macos"}
    made = set(re.findall(r"\b[a-z][a-z-]*\b(?!=)", " ".join(re.findall(r"make (.*)", text))))
    made &= makefile_targets(read("Makefile"))
    assert {"book", "test", "test-elsewhere", "epub", "pdf"} <= made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4"),
        ("contents: read", "contents: write"),
        ("    timeout-minutes: 120\n", ""),
        ('"$TAG"', '"${{ github.event.release.tag_name }}"'),
    ],
)
def test_a_careless_workflow_is_found(old, new):
    text = read(WORKFLOW)
    assert old in text and workflow_problems(text.replace(old, new)) != []


def test_scripts_keep_their_line_ends_in_every_clone():
    """Git on Windows would give them others, with which they do not run."""
    command = ["git", "check-attr", "eol", ".ci/run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    assert done.stdout == ".ci/run: eol: lf\n"


# --- what no file may contain -------------------------------------------------------------------

# places on the machine where a file was made; a name in a URL follows a letter
MACHINE_PATH = re.compile(r"(?<![\w.~/+])/(?:work|tmp|root|home|opt)(?![\w-])")
REGISTRIES = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("anaconda", "org"),
        ("debian", "org/debian"),
    ]
]


def unwanted(text):
    """Machine paths and hosts of package registries in a text."""
    found = [match.group() for match in MACHINE_PATH.finditer(text)]
    return found + [host for host in REGISTRIES if host in text]


def files_of_the_project():
    """Files that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if shutil.which("git") is None:
        pytest.skip("git is not installed: the list of the project's files is unknown")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: the list of the project's files is unknown")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_machine_or_a_registry():
    found = {}
    for path in files_of_the_project():
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue  # binary
        if problems := unwanted(text):
            found[str(path.relative_to(ROOT))] = problems
    assert found == {}


@pytest.mark.parametrize("folder", ["work", "tmp", "root", "home", "opt"])
def test_machine_paths_are_found(folder):
    path = "/" + folder
    assert all(unwanted(f"see https://{host}/simple") for host in REGISTRIES)
    for text in (f"{path}/x.py", f'"{path}/x"', f"cd {path}", f"file://{path}/x", f"({path})"):
        if not text.startswith("file"):
            assert unwanted(text), text
    for text in (f"https://example.org{path}/x", f"book{path}/x", f"{path}ish/x", f"..{path}"):
        assert not unwanted(text), text


# joined from parts, so that this file does not contain them
UNFINISHED = re.compile(
    r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "[A-Z]+TI" + "ME"]) + r")\b"
)


def test_no_file_is_unfinished():
    suffixes = {".md", ".py", ".ipynb", ".yml", ".toml", ".css", ".js", ".cff"}
    found = {
        str(path.relative_to(ROOT)): words
        for path in files_of_the_project()
        if path.suffix in suffixes
        and (words := UNFINISHED.findall(path.read_text(encoding="utf-8")))
    }
    assert found == {}
    assert UNFINISHED.findall("TO" + "DO: measure BOOK" + "TIME") == ["TO" + "DO", "BOOK" + "TIME"]


# --- make ---------------------------------------------------------------------------------------


def makefile_targets(text):
    """Targets of a Makefile that a person calls."""
    return set(re.findall(r"^([a-z][a-z-]*)\s*:(?!=)", text, flags=re.MULTILINE))


def named_targets(text):
    """Targets that a Markdown text tells the reader to make."""
    code = re.findall(r"^\s*make ([a-z][a-z-]*)", text, flags=re.MULTILINE)
    return set(code) | set(re.findall(r"`make ([a-z][a-z-]*)[^`]*`", text))


def test_texts_name_targets_that_exist():
    targets = makefile_targets(read("Makefile"))
    assert {"book", "test"} <= named_targets(read("README.md"))
    for path in files_of_the_project():
        if path.suffix == ".md":
            named = named_targets(path.read_text(encoding="utf-8"))
            assert named <= targets, path.name


def test_named_targets_are_found():
    text = "```console\nmake book\n```\nor `make results SCALE=smoke`; we make progress.\n"
    assert named_targets(text) == {"book", "results"}
    assert makefile_targets("book: x\nA := b\ntest lint: y\n\tmake z\n") == {"book"}


def test_make_help_lists_every_target():
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    calls = [["make", "--no-print-directory", *target] for target in (["help"], [])]
    options = {"cwd": ROOT, "capture_output": True, "text": True, "check": True, "timeout": 60}
    said, default = (subprocess.run(call, **options).stdout for call in calls)
    assert set(re.findall(r"^  make (\S+)", said, flags=re.MULTILINE)) >= TARGETS
    assert default == said


# --- installation -------------------------------------------------------------------------------

# stands for Python: writes down what pip is asked for, and has no index but the default one
RECORDING_PYTHON = """#!/bin/sh
case "$2" in
venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
pip) echo "$@" >> calls
    case "$*" in *--index-url*) echo "no such host" >&2; exit $INDEX_STATUS ;; esac ;;
esac
"""


def program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def install(folder, *arguments, system="Linux", index_status=0):
    """Install with a Python that only records; return how make ended and what pip was asked."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    program(folder / "bin" / "recording-python", RECORDING_PYTHON)
    program(folder / "bin" / "uname", f"#!/bin/sh\necho {system}\n")
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["make", ".venv/.installed", "PYTHON=recording-python", *arguments],
        cwd=folder,
        env={"PATH": path, "INDEX_STATUS": str(index_status)},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = folder / "calls"
    return done, calls.read_text(encoding="utf-8").splitlines() if calls.is_file() else []


PLAIN_INSTALL = "-m pip install -q -c constraints.txt -e .[book,test]"


@pytest.mark.parametrize("index_status", [0, 1])
def test_on_linux_the_cpu_build_of_torch_is_tried_first(tmp_path, index_status):
    done, calls = install(tmp_path, index_status=index_status)
    assert done.returncode == 0, done.stderr
    assert [call for call in calls if "--index-url" not in call] == [PLAIN_INSTALL] == calls[1:]
    assert calls[0].split()[-1] == f"torch=={pins(read('constraints.txt'))['torch']}"
    assert "--no-deps" in calls[0] and "/whl/cpu " in calls[0]
    assert done.stderr == "" and ("out of reach" in done.stdout) == bool(index_status)
    assert (tmp_path / ".venv" / ".installed").is_file()


@pytest.mark.parametrize(("system", "arguments"), [("Linux", ["TORCH=cuda"]), ("Darwin", [])])
def test_elsewhere_and_on_demand_pip_chooses_the_build(tmp_path, system, arguments):
    done, calls = install(tmp_path, *arguments, system=system)
    assert done.returncode == 0, done.stderr
    assert calls == [PLAIN_INSTALL]


def test_an_unknown_build_of_torch_is_refused(tmp_path):
    done, calls = install(tmp_path, "TORCH=gpu")
    assert done.returncode != 0 and calls == []
    assert "expected cpu or cuda, got gpu" in done.stderr


@pytest.mark.parametrize("changing", [None, "book", "test-elsewhere"])
def test_ci_runs_both_ways_and_finds_a_changed_file(tmp_path, changing):
    if shutil.which("git") is None or shutil.which("bash") is None:
        pytest.skip("git or bash is not installed")
    checkout, programs = tmp_path / "checkout", tmp_path / "bin"
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    (checkout / ".git" / "info").mkdir(exist_ok=True)
    (checkout / ".git" / "info" / "exclude").write_text(".ci\n", encoding="utf-8")
    made = tmp_path / "made"
    change = f'[ "$1" != "{changing}" ] || touch new-file\n'
    program(programs / "make", f'#!/bin/sh\necho "$1" >> "{made}"\n{change}')
    program(programs / "chromium", "#!/bin/sh\n")
    env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", ".ci/run"]
    done = subprocess.run(
        command, cwd=checkout, env=env, capture_output=True, text=True, check=False
    )
    targets = ["book", "test", "test-elsewhere"]
    if changing is None:
        assert done.returncode == 0, done.stderr
        assert made.read_text(encoding="utf-8").split() == targets
    else:
        assert done.returncode == 1
        assert f"make {changing} changed" in done.stderr and "new-file" in done.stderr
        assert made.read_text(encoding="utf-8").split()[-1] == changing
