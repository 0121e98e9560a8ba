import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from layers.geography import views
from layers.geography.models import ImportRun, Parcel
from layers.geography.tasks import apply_upload, check_upload
from tests.factories.accounts import staff
from tests.factories.geography import MunicipalityFactory
from tests.layers.geography import making


@pytest.fixture(autouse=True)
def _own_room(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }


@pytest.fixture
def manager(town, client):
    user = staff(town, "data_manager")
    client.force_login(user)
    return user


def url(town, name, *more):
    return reverse(f"geography:{name}", args=[town.slug, *more])


def upload(client, town, path, what="parcels"):
    file = SimpleUploadedFile(path.name, path.read_bytes())
    data = {"what": what, "file": file}
    return client.post(url(town, "create"), data, follow=True)


def test_a_file_is_uploaded_previewed_and_imported(client, town, manager, tmp_path):
    path = making.areas(tmp_path / "town.json", making.box(0), making.box(1))
    page = upload(client, town, path)
    assert "Import: 2 rows will change" in page.content.decode()
    assert 'class="import-added"' in page.content.decode()
    assert not Parcel.objects.exists()
    run = ImportRun.objects.get()
    page = client.post(url(town, "apply", run.pk), follow=True)
    assert "The file is imported." in page.content.decode()
    assert Parcel.objects.of(town).count() == 2
    assert "town.json" in client.get(url(town, "list")).content.decode()


def test_a_file_without_crs_is_asked_for_it_on_the_same_page(
    client, town, manager, tmp_path
):
    data = making.frame().to_crs(22770)
    page = upload(client, town, making.shapefile(tmp_path, data, without=(".prj",)))
    assert "doesn&#x27;t say in which coordinate" in page.content.decode()
    run = ImportRun.objects.get()
    check = url(town, "check", run.pk)
    page = client.post(check, {"crs": "wrong", "missing": "ask"})
    assert page.status_code == 422
    assert "Write EPSG and its number" in page.content.decode()
    page = client.post(check, {"crs": "22770", "missing": "ask"}, follow=True)
    assert "Import: 4 rows will change" in page.content.decode()


def test_refused_rows_are_told_and_downloaded_without_formulas(
    client, town, manager, tmp_path
):
    shape = shapely.geometry.mapping(making.box(0))
    features = [({"code": "=1+1"}, None), ({"code": "ok"}, shape)]
    page = upload(client, town, making.geojson(tmp_path / "p.json", features))
    assert "1 row is refused" in page.content.decode()
    run = ImportRun.objects.get()
    text = client.get(url(town, "refused", run.pk)).content.decode("utf-8-sig")
    assert "1,'=1+1,has no geometry," in text


def test_a_large_file_is_left_to_the_worker(
    client, town, manager, tmp_path, monkeypatch
):
    monkeypatch.setattr(views, "AT_ONCE", 10)
    page = upload(client, town, making.areas(tmp_path / "p.json", making.box(0)))
    assert "hx-get" in page.content.decode()
    run = ImportRun.objects.get()
    assert run.state == ImportRun.State.WAITING
    fragment = client.get(url(town, "progress", run.pk)).content.decode()
    assert "<progress" in fragment
    assert "<html" not in fragment
    check_upload.func(town.pk, run.pk)
    assert client.get(url(town, "progress", run.pk))["HX-Refresh"] == "true"
    client.post(url(town, "apply", run.pk))
    apply_upload.func(town.pk, run.pk)
    assert Parcel.objects.of(town).count() == 1
    assert ImportRun.objects.get().state == ImportRun.State.DONE


def test_only_those_who_may_import_see_the_room(client, town, manager):
    client.force_login(staff(town, "planner"))
    assert client.get(url(town, "list")).status_code == 403
    client.logout()
    assert client.get(url(town, "list")).status_code == 302


def test_another_towns_import_does_not_exist(client, town, manager, tmp_path):
    upload(client, town, making.areas(tmp_path / "p.json", making.box(0)))
    run = ImportRun.objects.get()
    other = MunicipalityFactory()
    client.force_login(staff(other, "data_manager"))
    assert client.get(url(other, "detail", run.pk)).status_code == 404
    assert client.post(url(other, "apply", run.pk)).status_code == 404
