"""What can be wrong with a stored result."""

from collections.abc import Iterable


class MissingResult(ValueError):  # noqa: N818
    """Nothing is stored under this name."""


class CorruptResult(ValueError):  # noqa: N818
    """The files contradict their checksums or each other."""


class StaleResult(ValueError):  # noqa: N818
    """The configuration or the code is not the one that the result was computed with.

    Attributes
    ----------
    fields
        Changed fields of the configuration.
    modules
        Changed, new and removed modules.
    """

    def __init__(
        self, message: str, fields: Iterable[str] = (), modules: Iterable[str] = ()
    ) -> None:
        super().__init__(message)
        self.fields = tuple(fields)
        self.modules = tuple(modules)
