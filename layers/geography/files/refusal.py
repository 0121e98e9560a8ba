class Unreadable(Exception):
    """A file that can't be taken at all; `code` names its message in errors.py."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params
