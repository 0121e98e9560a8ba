from django.urls import path

from layers.geography import views

app_name = "geography"
urlpatterns = [
    path("", views.import_list, name="list"),
    path("import/", views.import_create, name="create"),
    path("imports/<int:pk>/", views.import_detail, name="detail"),
    path("imports/<int:pk>/progress/", views.import_progress, name="progress"),
    path("imports/<int:pk>/check/", views.import_check, name="check"),
    path("imports/<int:pk>/apply/", views.import_apply, name="apply"),
    path("imports/<int:pk>/refused.csv", views.import_refused, name="refused"),
]
