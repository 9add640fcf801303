"""Routes of the outbox, below `/dev/`; included only where there is one."""

from django.urls import path

from project.outbox import views

urlpatterns = [
    path("outbox", views.outbox_page, name="outbox"),
    path("outbox.json", views.outbox_json, name="outbox-json"),
]
