"""The one error that a store raises for what is not the caller's fault."""


class StoreUnavailable(Exception):
    """The store cannot be reached or written now (locked, full, gone). Nothing that was acknowledged is lost."""
