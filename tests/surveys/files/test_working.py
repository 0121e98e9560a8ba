"""Checking and loading in chunks, by workers that may be killed between any two."""

from __future__ import annotations

from typing import Any

import pytest

from surveys.files import working
from surveys.files.working import begin_check, begin_loading, progress_of
from surveys.models import Round, Submission, Upload
from surveys.tasks import check_in_background, load_in_background
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round
from tests.factories.surveys import store
from tests.surveys.files.test_loading import book, home

pytestmark = pytest.mark.django_db


class Killed(Exception):
    """In place of SIGKILL: nothing of ours catches it."""


@pytest.fixture
def upload(town: Any, monkeypatch: Any) -> Upload:
    monkeypatch.setattr(working, "CHUNK", 2)
    round = receiving_round(make_version(town))
    homes = [home(n, persons=0 if n == 4 else 5) for n in range(1, 8)]
    return store(round, book(homes, [[2, "C1", "", "male", "2016-05-20"]]))


def again(upload: Upload, **changed: Any) -> Upload:
    """As another worker finds it."""
    Upload.objects.filter(pk=upload.pk).update(**changed)
    return Upload.objects.select_related("round__form").get(pk=upload.pk)


def killed_after(chunks: int, monkeypatch: Any) -> list[list[str]]:
    """What every chunk looked at, until the worker dies of one too many."""
    seen: list[list[str]] = []
    weigh = working.weigh

    def watched(round: Round, reading: Any, entries: Any) -> Any:
        if len(seen) == chunks:
            raise Killed
        seen.append([entry.code for entry in entries])
        return weigh(round, reading, entries)

    monkeypatch.setattr(working, "weigh", watched)
    return seen


def test_a_check_goes_on_after_the_last_chunk(upload: Upload, monkeypatch: Any) -> None:
    with monkeypatch.context() as patch:
        killed_after(2, patch)
        with pytest.raises(Killed):
            begin_check(again(upload, status="checking")).run()
    assert progress_of(upload) == {"stage": "checking", "done": 4, "of": 7}
    with monkeypatch.context() as patch:
        seen = killed_after(9, patch)
        check_in_background.call(upload.municipality_id, upload.pk)
    assert seen == [["H5", "H6"], ["H7"]]
    upload.refresh_from_db()
    report = upload.report
    assert (report["households"], report["good"], report["children"]) == (7, 6, 1)
    assert (report["errors"], report["news"]) == (1, {"added": 7})
    assert (upload.status, upload.progress) == ("faulty", {})
    assert progress_of(upload) == {}


def test_good_rows_go_on_after_the_last_chunk(upload: Upload, monkeypatch: Any) -> None:
    with monkeypatch.context() as patch:
        killed_after(1, patch)
        with pytest.raises(Killed):
            begin_loading(again(upload, status="loading", mode="good")).run()
    assert Submission.objects.count() == 2
    with monkeypatch.context() as patch:
        seen = killed_after(9, patch)
        load_in_background.call(upload.municipality_id, upload.pk)
    assert seen == [["H3", "H4"], ["H5", "H6"], ["H7"]]
    codes = Submission.objects.values_list("household__code", flat=True)
    assert sorted(codes) == ["H1", "H2", "H3", "H5", "H6", "H7"]
    upload.refresh_from_db()
    assert (upload.status, upload.report["loaded"]) == ("loaded", 6)


def test_all_or_nothing_is_nothing_until_the_end(
    town: Any, upload: Upload, monkeypatch: Any
) -> None:
    whole = store(upload.round, book([home(n) for n in range(1, 8)], []))
    with monkeypatch.context() as patch:
        killed_after(3, patch)
        again(whole, status="loading")
        with pytest.raises(Killed):
            load_in_background.call(whole.municipality_id, whole.pk)
    assert not Submission.objects.exists()
    assert progress_of(whole) == {"stage": "loading", "done": 6, "of": 7}
    load_in_background.call(whole.municipality_id, whole.pk)
    assert Submission.objects.count() == 7


def test_a_fault_found_late_leaves_nothing_of_the_whole(upload: Upload) -> None:
    again(upload, status="loading")
    load_in_background.call(upload.municipality_id, upload.pk)
    assert not Submission.objects.exists()
    upload.refresh_from_db()
    assert (upload.status, upload.report["errors"]) == ("faulty", 1)


def test_nothing_good_is_nothing_loaded(town: Any, upload: Upload) -> None:
    bad = store(upload.round, book([home(1, persons=0)], []))
    again(bad, status="loading", mode="good")
    load_in_background.call(bad.municipality_id, bad.pk)
    bad.refresh_from_db()
    assert (bad.status, Submission.objects.count()) == ("faulty", 0)


def test_the_page_tells_how_far_the_work_has_come(
    upload: Upload, client: Any, monkeypatch: Any
) -> None:
    where = f"/en/{upload.municipality.slug}/surveys/uploads/{upload.pk}/"
    client.force_login(staff(upload.municipality, "data_manager"))
    begin_check(again(upload, status="checking")).step()
    page = client.get(where).content.decode()
    assert "2 of 7 records" in page
    assert 'value="2" max="7"' in page
