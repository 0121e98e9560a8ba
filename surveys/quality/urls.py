from django.urls import path

from surveys.quality import views

app_name = "quality"
urlpatterns = [
    path("<slug:code>/", views.overview, name="overview"),
    path("<slug:code>/settings/", views.settings, name="settings"),
    path("<slug:code>/again/", views.again, name="again"),
]
