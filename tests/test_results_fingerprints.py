"""Fingerprints: import graphs, syntax trees as text, configurations."""

import ast
import dataclasses
import hashlib
import json
import subprocess
import sys

import pytest

from learnsym.fingerprints import (
    code_digests,
    digest,
    dump,
    experiment_names,
    package_root,
    plain_config,
)

PACKAGE = {
    "__init__": "from learnsym import top_only\ntop_name = 1",
    "top_only": "",
    "plain": "import numpy",
    "a/__init__": "from learnsym.a.inner import value",
    "a/inner": "value = 1",
    "a/leaf": "from learnsym import plain",
    "a/deep/__init__": "",
    "a/deep/bottom": "from ..leaf import x",
    "folder/part": "",
    "circle_1": "from learnsym import circle_2",
    "circle_2": "from learnsym import circle_1",
    "start": "",
}
A = {"a", "a.inner"}
TOP = {"learnsym", "top_only"}  # whatever is imported, the topmost package is


def write(root, files):
    for name, text in files.items():
        path = root / "learnsym" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def root(tmp_path):
    return write(tmp_path, PACKAGE)


def reached(root, module="start"):
    names = code_digests(f"learnsym.{module}", root)
    return {name.removeprefix("learnsym.") for name in names} - {module}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", set()),
        ("import numpy, os.path\nfrom scipy import linalg", set()),
        ("import learnsym.plain", {"plain"}),
        ("import learnsym.plain as p, learnsym.a.leaf", {"plain", "a.leaf", *A}),
        ("import learnsym.a.deep.bottom", {"a.deep", "a.deep.bottom", "a.leaf", "plain", *A}),
        ("from learnsym import plain", {"plain"}),
        ("from learnsym import plain as p, circle_1", {"plain", "circle_1", "circle_2"}),
        ("from learnsym import top_name", set()),
        ("from learnsym import plain, top_name", {"plain"}),
        ("import learnsym", set()),
        ("from learnsym.a import value", A),
        ("from learnsym.a import leaf", {"a.leaf", "plain", *A}),
        ("from learnsym.a import value, leaf", {"a.leaf", "plain", *A}),
        ("from learnsym.a import *", A),
        ("from learnsym.a.inner import value", A),
        ("from . import plain", {"plain"}),
        ("from .plain import name", {"plain"}),
        ("from .a.inner import value", A),
        ("def f():\n    from learnsym import plain", {"plain"}),
        ("class C:\n    def f(self):\n        import learnsym.plain", {"plain"}),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from learnsym import plain",
            {"plain"},
        ),
        ("try:\n    from learnsym import plain\nexcept ImportError:\n    plain = None", {"plain"}),
        ("import learnsymmetry.plain\nfrom learnsymmetry import plain", set()),
        ("'import learnsym.plain'  # import learnsym.plain", set()),
    ],
)
def test_reached_modules(root, source, expected):
    write(root, {"start": source})
    assert reached(root) == expected | TOP


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from . import leaf", {"a.leaf", "plain", *A}),
        ("from .leaf import x", {"a.leaf", "plain", *A}),
        ("from .. import plain", {"plain", *A}),
        ("from ..plain import x", {"plain", *A}),
        ("from .deep import bottom", {"a.deep", "a.deep.bottom", "a.leaf", "plain", *A}),
    ],
)
@pytest.mark.parametrize("place", ["a/start", "a/start/__init__"])
def test_relative_imports(root, place, source, expected):
    if place.endswith("__init__"):
        # Inside a package one dot is the package itself.
        source = source.replace("from .", "from ..", 1)
    write(root, {place: source})
    assert reached(root, "a.start") == expected | TOP


def test_modules_name_themselves_and_their_packages(root):
    assert set(code_digests("learnsym.a.deep.bottom", root)) >= {
        "learnsym.a.deep.bottom",
        "learnsym.a.deep",
        "learnsym.a",
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import learnsym.missing", r"'learnsym\.missing'"),
        ("from learnsym.missing import x", r"'learnsym\.missing'"),
        ("from learnsym.folder import part", "all that 'learnsym.start'"),
        ("from learnsym import no_such_name", r"'learnsym\.no_such_name'"),
    ],
)
def test_imports_that_cannot_be_resolved(root, source, message):
    write(root, {"start": source})
    with pytest.raises(ValueError, match=message):
        code_digests("learnsym.start", root)
    with pytest.raises(ValueError, match=r"learnsym\.nowhere"):
        code_digests("learnsym.nowhere", root)


def test_a_change_of_code_changes_the_digest_of_its_module_alone(root):
    write(root, {"start": "from learnsym.a import leaf"})
    before = code_digests("learnsym.start", root)
    write(root, {"plain": "import numpy as np"})
    after = code_digests("learnsym.start", root)
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"learnsym.plain"}
    write(root, {"circle_1": "changed = 1"})
    assert code_digests("learnsym.start", root) == after


IMPORT_EACH = """
import importlib, json, sys
reached = {}
for experiment in sys.argv[1:]:
    importlib.import_module(experiment)
    reached[experiment] = [name for name in sys.modules if name.startswith("learnsym.")]
    for name in [name for name in sys.modules if name.split(".")[0] == "learnsym"]:
        del sys.modules[name]
print(json.dumps(reached))
"""


def test_static_imports_cover_those_that_happen():
    # The interpreter is the independent witness of what an import reaches. One process for all:
    # what takes long are the packages that they share.
    names = [f"learnsym.experiments.{name}" for name in experiment_names()]
    happened = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH, *names], capture_output=True, text=True, check=True
    ).stdout
    for name, reached in json.loads(happened).items():
        assert name in reached
        assert set(reached) <= set(code_digests(name)), name


SOURCE = '''"""Docstring."""
from __future__ import annotations
import os.path as p
from . import a
X: int = 0x10 + 1_000
T = (1, 1.0, 1e3, 2j, True, None, ..., "text", "é", b"bytes", -1, "", {**p, 1: None})


@decorator(k=1)
class C(Base, metaclass=M):
    """Docstring."""

    field: str = "a" "b"
    """Documentation of a field."""

    async def f(self, a, /, b=1, *args, c, d=None, **kwargs) -> list[int]:
        """Docstring."""
        async with x as y, z: await y
        return [i async for i in b if i for (j, *k) in c]


def empty(): """Docstring."""


def g():
    global X
    try:
        if (n := len(T)) > 1: raise E from None
        elif not n: pass
        else: del X
    except* (A, B) as e: yield e
    while X < 3 <= n: X += 1; continue
    match X:
        case {"k": [1, *_], **rest} | C(a=None) if rest: ...
        case _: assert X, f"{X!r:>{n}}{n} and {{}}" f"{X=}"
    return lambda x, *y: x[1:, ..., ::2] if x is not y else "a"
'''


def test_text_of_a_syntax_tree_is_the_same_on_every_python():
    # Computed on Python 3.11.7 and 3.12.1; the second is a digest of the dump itself.
    assert dump(ast.parse("def f(x, /):\n    'Doc.'\n    return -x, None, f'{x}', u''")) == (
        "Module(body=[FunctionDef(name='f',args=arguments(posonlyargs=[arg(arg='x')]),"
        "body=[Return(value=Tuple(elts=[UnaryOp(op=USub(),operand=Name(id='x',ctx=Load())),"
        "Constant(),JoinedStr([FormattedValue(value=Name(id='x',ctx=Load()),conversion=-1)]),"
        "Constant(value='')],ctx=Load()))])])"
    )
    text = dump(ast.parse(SOURCE))
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "d373d40c718078c68332cb70ce8643548ff29d019a74531596aeb23426b4b0b8"
    )


def test_empty_parts_of_f_strings_do_not_count():
    # Python 3.12 leaves them in the tree of f"{a}{b}" with a nested format, 3.11 does not.
    tree = ast.parse('f"a{b:>{c}}", ""')
    text = dump(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values.append(ast.Constant(value=""))
    assert dump(tree) == text
    assert text != dump(ast.parse('f"a{b:>{c}}"'))
    assert text != dump(ast.parse('f"a {b:>{c}}", ""'))


def files():
    return sorted(package_root().glob("learnsym/**/*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_formatting_and_comments_do_not_count(path):
    # ast.unparse writes the program anew, without comments and in its own format.
    tree = ast.parse(path.read_bytes())
    assert dump(ast.parse(ast.unparse(tree))) == dump(tree)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Docstring.", "Another docstring."),
        ('"""Docstring."""\n        async', "async"),
        ('"""Docstring."""\n\n    field', "field"),
        ('    """Documentation of a field."""\n', ""),
        ("def empty(): ", "def empty(): pass  # "),
        ("0x10", "16"),
        ('"a" "b"', "'ab'"),
        ("X < 3 <= n", "(X < (3) <= n)"),
        ("global X", "global X  # comment"),
        ('"text"', 'u"text"'),
    ],
)
def test_edits_without_meaning(old, new):
    assert old in SOURCE
    assert dump(ast.parse(SOURCE.replace(old, new))) == dump(ast.parse(SOURCE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0", "1"),
        ("True", "1"),
        ('"text"', 'b"text"'),
        ('"é"', '"e"'),
        ('"", {**p', "{**p"),
        ("None, ...", "..., None"),
        ("y: x[1:, ", "y: x[:1, "),
        ("b=1, *args", "*args, b=1"),
        ("a, /, b", "a, b"),
        ("*args, c", "*args, c=None"),
        (" -> list[int]", ""),
        ("from None", ""),
        ("except*", "except"),
        ("async with", "with"),
        ("i async for", "i for"),
        ("X < 3 <= n", "X <= 3 <= n"),
        ("X!r:", "X!s:"),
        ("{n} and", "{n}  and"),
        ("{**p, 1: None}", "{None: p, 1: None}"),
        ("from . import a", "from .. import a"),
        ("global X", "nonlocal X"),
        ("@decorator(k=1)\n", ""),
        ("X: int =", "X ="),
    ],
)
def test_edits_with_meaning(old, new):
    assert old in SOURCE
    assert dump(ast.parse(SOURCE.replace(old, new))) != dump(ast.parse(SOURCE))


@dataclasses.dataclass(frozen=True)
class Config:
    steps: int = 3
    rate: float = 0.5
    name: str = "a"
    exact: bool = True
    sizes: tuple = (1, (2.0, "b"))
    seed: int = 0


def test_configuration():
    assert plain_config(Config()) == {
        "steps": 3, "rate": 0.5, "name": "a", "exact": True, "sizes": [1, [2.0, "b"]], "seed": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 4}, {"steps": 3.0}, {"rate": 0.5000000000000001}, {"name": "b"}, {"exact": 1},
        {"sizes": (1, (2, "b"))}, {"sizes": (1, 2.0, "b")}, {"seed": 1},
    ],
)  # fmt: skip
def test_every_field_counts(change):
    assert digest(plain_config(Config(**change))) != digest(plain_config(Config()))


@pytest.mark.parametrize(
    "value", [[1], {"a": 1}, None, float("nan"), float("inf"), 1j, (1, [2]), Config, object()]
)
def test_values_that_are_not_plain(value):
    with pytest.raises(ValueError, match=r"config\.sizes: expected a bool, int"):
        plain_config(Config(sizes=value))


def test_numpy_scalars_are_not_plain():
    import numpy as np

    with pytest.raises(ValueError, match=r"config\.rate.*float64"):
        plain_config(Config(rate=np.float64(0.5)))


def test_configurations_that_are_not_frozen_dataclasses():
    @dataclasses.dataclass
    class Loose:
        seed: int = 0

    for config, message in ((Loose(), "frozen"), ({"seed": 0}, "dataclass"), (Config, "dataclass")):
        with pytest.raises(ValueError, match=message):
            plain_config(config)
