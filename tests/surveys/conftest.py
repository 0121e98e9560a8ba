from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Messages are compared in the language of the source."""
    with translation.override("en"):
        yield
