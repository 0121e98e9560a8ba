from django.urls import path, register_converter

from gisportal.service_requests.views import office, own, public, reporting


class NumberConverter:
    """A case's number: year, hyphen, at least five figures."""

    regex = r"[0-9]{4}-[0-9]{5,9}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NumberConverter, "case_number")

app_name = "service_requests"
urlpatterns = [
    path("", own.start, name="list"),
    path("mine/", own.mine, name="mine"),
    path("queue/", office.queue, name="queue"),
    path("desk/", office.register, name="register"),
    path("public/", public.public, name="public"),
    path("report/", reporting.what, name="create"),
    path("report/where/", reporting.where, name="create_where"),
    path("report/photo/", reporting.photo, name="create_photo"),
    path("report/follow/<case_number:number>/", reporting.follow, name="follow"),
    path("photo/<int:document>/", own.photo, name="photo"),
    path("<case_number:number>/", own.detail, name="detail"),
    path("<case_number:number>/sent/", reporting.sent, name="sent"),
    path("<case_number:number>/answer/", own.answer, name="answer"),
    path("<case_number:number>/note/", own.note, name="note"),
    path("<case_number:number>/reply/", own.reply, name="reply"),
    path("<case_number:number>/withdraw/", own.withdraw, name="withdraw"),
]
