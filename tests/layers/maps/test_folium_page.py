"""Names come from uploaded files; on the page for sending they stay words."""

import pytest

from layers.geography.models import Zone
from layers.indicators.models import ObservationSet
from tests.factories.accounts import staff

SCRIPT = "<img src=x onerror=alert(1)>"
TEMPLATE = "{% endraw %}{{ 6 * 7000 }}{{ cycler.__init__.__globals__.os.name }}"


@pytest.fixture
def page(client, publish, town):
    """The offline page of a published round whose names are hostile."""

    def page() -> str:
        client.force_login(staff(town, "planner"))
        return client.get(f"/en/{town.slug}/map/view.html").content.decode()

    publish()
    return page


def test_a_round_named_like_a_template_is_not_run(page):
    ObservationSet.objects.update(title_en=f"{TEMPLATE}{SCRIPT}")
    text = page()
    assert "{% endraw %}{{ 6 * 7000 }}" in text
    assert "42000" not in text
    assert SCRIPT not in text


def test_a_zone_named_like_a_script_is_not_run(page):
    Zone.objects.filter(code="Q1").update(name_en=f"{SCRIPT}</script>{TEMPLATE}")
    text = page()
    assert SCRIPT not in text
    assert "42000" not in text
    # What the tooltip writes into the page as markup is escaped a first time for
    # the page, a second time for the script that holds it.
    assert r"\u0026lt;img src=x" in text
