from django.urls import path

from gisportal.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.directory, name="directory"),
    path("start/", views.start, name="start"),
    path("<slug:municipality>/", views.home, name="home"),
]
