import pytest
from django.utils.translation import override


@pytest.fixture
def in_english():
    """Messages are asserted in their source language."""
    with override("en"):
        yield
