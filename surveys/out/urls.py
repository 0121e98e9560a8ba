from django.urls import path

from surveys.out import views, webhook_views

app_name = "out"
urlpatterns = [
    path("webhooks/", webhook_views.webhooks, name="webhooks"),
    path("webhooks/<int:pk>/", webhook_views.webhook_switch, name="webhook"),
    path("deliveries/<int:pk>/again/", webhook_views.delivery_again, name="again"),
    path("rounds/<slug:code>/", views.exports, name="exports"),
    path("files/<int:pk>/", views.download, name="download"),
    path("files/<int:pk>/delete/", views.delete, name="delete"),
]
