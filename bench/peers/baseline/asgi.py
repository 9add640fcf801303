"""The baseline's entry: sockets behind Django's sessions, as in the tutorial."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.baseline.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from bench.peers.baseline.chat.consumers import ChatConsumer

sockets = URLRouter([path("ws/chat/<str:room>/", ChatConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": AuthMiddlewareStack(sockets)})
