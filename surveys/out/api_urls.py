"""/v1, as programs written for ODK Central expect it."""

from django.urls import path, re_path

from surveys.out import api_views as api
from surveys.out import entity_views as lists
from surveys.out import odata_views as odata

PROJECT = r"^projects/(?P<project>[0-9]{1,9})"
FORM = rf"{PROJECT}/forms/(?P<form>[^/]{{1,300}}?)"
LIST = rf"{PROJECT}/datasets/(?P<name>[^/]{{1,300}}?)"
UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
INSTANCE = rf"{FORM}/submissions/(?P<instance>[^/]{{1,300}}?)"

app_name = "api"
urlpatterns = [
    path("sessions", api.sessions, name="sessions"),
    path("sessions/<str:token>", api.session, name="session"),
    path("users/current", api.current_user, name="current_user"),
    path("projects", api.projects, name="projects"),
    re_path(rf"{PROJECT}$", api.project, name="project"),
    re_path(rf"{PROJECT}/forms$", api.forms, name="forms"),
    re_path(rf"{FORM}\.xml$", api.form_xml, name="form_xml"),
    re_path(rf"{FORM}\.svc/?$", odata.service, name="service"),
    re_path(rf"{FORM}\.svc/\$metadata$", odata.description, name="metadata"),
    re_path(rf"{FORM}\.svc/(?P<name>[^/]{{1,300}})$", odata.table, name="table"),
    re_path(rf"{FORM}/versions$", api.form_versions, name="form_versions"),
    re_path(rf"{FORM}/submissions$", api.submissions, name="submissions"),
    re_path(rf"{INSTANCE}\.xml$", api.submission_xml, name="submission_xml"),
    re_path(rf"{INSTANCE}/comments$", api.comments, name="comments"),
    re_path(rf"{INSTANCE}/attachments$", api.attachments, name="attachments"),
    re_path(
        rf"{INSTANCE}/attachments/(?P<name>[^/]{{1,300}})$",
        api.attachment,
        name="attachment",
    ),
    re_path(rf"{INSTANCE}$", api.submission, name="submission"),
    re_path(rf"{FORM}$", api.form, name="form"),
    re_path(rf"{PROJECT}/datasets$", lists.datasets, name="datasets"),
    re_path(rf"{LIST}/entities$", lists.entities, name="entities"),
    re_path(rf"{LIST}/entities/(?P<uuid>{UUID})$", lists.entity, name="entity"),
    re_path(rf"{LIST}/properties$", lists.properties, name="properties"),
    re_path(rf"{LIST}\.svc/Entities$", lists.entity_table, name="entity_table"),
    re_path(rf"{LIST}$", lists.dataset, name="dataset"),
]
