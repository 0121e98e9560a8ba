"""Addresses of phones. `key` is a phone's secret, or the word `basic`."""

from django.urls import path

from surveys.intake import views

app_name = "intake"
urlpatterns = [
    path("<str:key>/formList", views.forms, name="form_list"),
    path("<str:key>/forms/<int:version>.xml", views.form, name="form"),
    path(
        "<str:key>/forms/<int:version>/manifest", views.form_manifest, name="manifest"
    ),
    path("<str:key>/forms/<int:version>/files/<str:name>", views.file, name="file"),
    path(
        "<str:key>/lists/<str:name>/integrity", views.list_integrity, name="integrity"
    ),
    path("<str:key>/submission", views.submission, name="submission"),
]
