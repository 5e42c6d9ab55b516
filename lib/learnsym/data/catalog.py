"""The raw files of MNIST and Fashion-MNIST, with the checksums that every copy must have."""

import hashlib
from dataclasses import dataclass


class ChecksumError(ValueError):
    """The bytes of a file are not those that the catalog lists."""


@dataclass(frozen=True)
class RawFile:
    """One decompressed IDX file.

    Attributes
    ----------
    dataset
        ``"mnist"`` or ``"fashion"``.
    name
        Its canonical name, the same in both data sets.
    count
        The number of its records: images or labels.
    nbytes, sha256
        Its length and its checksum.
    """

    dataset: str
    name: str
    count: int
    nbytes: int
    sha256: str

    def verify(self, content: bytes, source: str) -> None:
        """Raise ``ChecksumError`` unless ``content`` is this file, byte by byte."""
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ChecksumError(
                f"{self.dataset} {self.name} from {source}: "
                f"expected sha256 {self.sha256} ({self.nbytes} bytes), "
                f"found {found} ({len(content)} bytes)"
            )


def _split(
    dataset: str, prefix: str, count: int, images: str, labels: str
) -> tuple[RawFile, RawFile]:
    """Return the files of images and labels of ``count`` records; the rest are checksums."""
    return (
        RawFile(dataset, f"{prefix}-images-idx3-ubyte", count, 16 + 784 * count, images),
        RawFile(dataset, f"{prefix}-labels-idx1-ubyte", count, 8 + count, labels),
    )


#: Data set and split -> the file of images and the file of labels.
FILES = {
    "mnist": {
        "train": _split(
            "mnist",
            "train",
            60_000,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        "test": _split(
            "mnist",
            "t10k",
            10_000,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    },
    "fashion": {
        "train": _split(
            "fashion",
            "train",
            60_000,
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        "test": _split(
            "fashion",
            "t10k",
            10_000,
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    },
}

#: The files embedded in the package, in ``samples/``: all MNIST test images and the first 2,000
#: Fashion-MNIST test images, under the names of the files from which they are cut.
SAMPLES = {
    "mnist": FILES["mnist"]["test"],
    "fashion": _split(
        "fashion",
        "t10k",
        2_000,
        "862035b0a96959b614c9574f4c2b0ae9584ca234813e8d6d7adb7838b12ca46b",
        "aa3f574d30afaf0d4d9da084a6f8541771e20693d6a97fae6e9a4953fca8f078",
    ),
}


def dataset_files(dataset: str) -> list[RawFile]:
    """Return the four files of a data set."""
    return [file for files in FILES[dataset].values() for file in files]


def embedded_sample(file: RawFile) -> RawFile | None:
    """Return the embedded file cut from ``file``, if there is one."""
    samples = SAMPLES.get(file.dataset, ())
    return next((sample for sample in samples if sample.name == file.name), None)
