from django.urls import path

from surveys.files import views

app_name = "files"
urlpatterns = [
    path("rounds/<slug:code>/send/", views.send, name="send"),
    path("rounds/<slug:code>/template.xlsx", views.template, name="template"),
    path("uploads/<int:pk>/approve/", views.approve, name="approve"),
    path("uploads/<int:pk>/columns/", views.columns, name="columns"),
    path("uploads/<int:pk>/rows.xlsx", views.left_out, name="rows"),
]
