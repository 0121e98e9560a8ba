from django.urls import include, path

from surveys import views
from surveys.files import downloads
from surveys.files import views as files
from surveys.intake import desk
from surveys.review import views as review

app_name = "surveys"
urlpatterns = [
    path("forms/", include("surveys.questionnaires.urls")),
    path("asked/", include("surveys.asked.urls")),
    path("rounds/", include("surveys.rounds.urls")),
    path("collect/", include("surveys.collect.urls")),
    path("files/", include("surveys.files.urls")),
    path("quality/", include("surveys.quality.urls")),
    path("review/", include("surveys.review.urls")),
    path("out/", include("surveys.out.urls")),
    path("", views.round_list, name="list"),
    path("phones/", desk.phones, name="phones"),
    path("phones/<int:pk>/revoke/", desk.phone_revoke, name="phone_revoke"),
    path("quarantine/", desk.quarantine, name="quarantine"),
    path("quarantine/<int:pk>/", desk.arrival, name="arrival"),
    path("quarantine/<int:pk>/raw/", desk.arrival_raw, name="arrival_raw"),
    path("quarantine/settle/", desk.settle_arrivals, name="settle_arrivals"),
    path("new/", views.create, name="create"),
    path("rounds/<slug:code>/", views.detail, name="detail"),
    path("rounds/<slug:code>/upload/", files.upload, name="upload"),
    path("rounds/<slug:code>/publish/", views.publish, name="publish"),
    path("rounds/<slug:code>/submissions/", views.submission_list, name="submissions"),
    path("uploads/<int:pk>/", files.upload_detail, name="upload_detail"),
    path("uploads/<int:pk>/load/", files.load, name="load"),
    path("uploads/<int:pk>/retry/", files.retry, name="retry"),
    path("uploads/<int:pk>/errors.csv", downloads.errors, name="errors"),
    path("uploads/<int:pk>/marked.xlsx", downloads.marked, name="marked"),
    path("submissions/<int:pk>/", review.record, name="submission"),
    path("submissions/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
]
