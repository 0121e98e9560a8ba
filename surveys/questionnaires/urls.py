from django.urls import path

from surveys.questionnaires import meaning_views, views

app_name = "forms"
urlpatterns = [
    path("", views.form_list, name="list"),
    path("upload/", views.upload, name="upload"),
    path("library/", views.install, name="install"),
    path("versions/<int:pk>/", views.version, name="version"),
    path("versions/<int:pk>/publish/", views.publish, name="publish"),
    path("versions/<int:pk>/media/", views.media, name="media"),
    path("versions/<int:pk>/meaning/", meaning_views.meaning, name="meaning"),
    path("versions/<int:pk>/trial/", views.trial, name="trial"),
    path("versions/<int:pk>/since/<int:former>/", views.difference, name="difference"),
    path("versions/<int:pk>/source/", views.source, name="source"),
    path("versions/<int:pk>/xform/", views.xform, name="xform"),
    path("named/<str:code>/", views.detail, name="detail"),
    path("named/<str:code>/retire/", views.retire, name="retire"),
]
