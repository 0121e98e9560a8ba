from django.urls import path

from surveys.out import views

app_name = "out"
urlpatterns = [
    path("<slug:code>/", views.exports, name="exports"),
    path("files/<int:pk>/", views.download, name="download"),
]
