from django.urls import path

from surveys.quality import views

app_name = "quality"
urlpatterns = [
    path("<slug:code>/", views.dashboard, name="dashboard"),
    path("<slug:code>/checks/", views.settings, name="settings"),
    path("<slug:code>/checks/reset/", views.reset, name="reset"),
    path("<slug:code>/checks/<slug:check>/", views.change, name="change"),
    path("<slug:code>/run/", views.run, name="run"),
]
