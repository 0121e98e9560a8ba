from django.urls import path

from surveys.review import correction_views, queue_views, views

app_name = "review"
urlpatterns = [
    path("", queue_views.queue, name="queue"),
    path("bulk/", queue_views.bulk, name="bulk"),
    path("bulk/confirm/", queue_views.confirm, name="confirm"),
    path("undo/", queue_views.undo, name="undo"),
    path("steps/<int:pk>/", queue_views.step, name="step"),
    path("records/<int:pk>/act/", views.act, name="act"),
    path("records/<int:pk>/comment/", views.comment, name="comment"),
    path("records/<int:pk>/correct/", correction_views.correct, name="correct"),
    path(
        "records/<int:pk>/correct/undo/", correction_views.uncorrect, name="uncorrect"
    ),
    path(
        "records/<int:pk>/versions/<int:event>/",
        correction_views.version,
        name="version",
    ),
    path("records/<int:pk>/place/", views.place, name="place"),
    path("records/<int:pk>/place/undo/", views.unplace, name="unplace"),
    path("records/<int:pk>/erase/", views.erase, name="erase"),
    path("findings/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("files/<int:pk>/", views.attachment, name="attachment"),
]
