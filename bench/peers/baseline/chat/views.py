"""The history endpoint."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from bench.peers.baseline.chat.models import Message

PAGE = 300


def history(request: HttpRequest, room: str) -> HttpResponse:
    """Return the messages of a room after an id, oldest first."""
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    found = Message.objects.filter(room=room, pk__gt=int(request.GET.get("after", 0))).order_by("pk")
    return JsonResponse({"items": list(found.values("id", "author__username", "body")[:PAGE])})
