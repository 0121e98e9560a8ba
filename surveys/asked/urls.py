from django.urls import path

from surveys.asked import views

app_name = "asked"
urlpatterns = [
    path("", views.question_list, name="list"),
    path("choose/", views.question_choose, name="choose"),
    path("new/<int:pk>/", views.question_create, name="create"),
    path("<int:pk>/", views.question_detail, name="detail"),
    path("<int:pk>/change/", views.question_change, name="change"),
    path("<int:pk>/move/", views.question_move, name="move"),
]
