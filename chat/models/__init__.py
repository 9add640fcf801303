"""The tables of chat, one module per noun."""

from chat.models.categories import RoomCategory
from chat.models.messages import Message, MessageEdit
from chat.models.overwrites import RoomOverwrites
from chat.models.read_markers import ReadMarker
from chat.models.rooms import Room, RoomMember

__all__ = ["Message", "MessageEdit", "ReadMarker", "Room", "RoomCategory", "RoomMember", "RoomOverwrites"]
