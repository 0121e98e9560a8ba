from django.urls import path

from surveys.files import downloads, views

app_name = "files"
urlpatterns = [
    path("rounds/<slug:code>/send/", views.send, name="send"),
    path("rounds/<slug:code>/template.xlsx", downloads.template, name="template"),
    path("uploads/<int:pk>/approve/", views.approve, name="approve"),
    path("uploads/<int:pk>/columns/", views.columns, name="columns"),
    path("uploads/<int:pk>/rows.xlsx", downloads.left_out, name="rows"),
]
