from django.core.exceptions import ValidationError


class RowsRefused(ValidationError):
    """Rows of a file that can't be loaded; each message names its row and column."""
