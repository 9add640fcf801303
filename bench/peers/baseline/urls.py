"""The history of a room, for who comes back."""

from django.urls import path

from bench.peers.baseline.chat.views import history

urlpatterns = [path("history/<str:room>/", history)]
