"""What the gateway itself refuses."""

from kernel.errors import Conflict, DomainError, InvalidInput, TooLarge, Unauthenticated


class UnknownCommand(InvalidInput):
    """No command has this type."""

    code = "command.unknown"


class FrameTooLarge(TooLarge):
    """A frame is larger than `limits.frame_bytes` of `hello`."""

    code = "frame.too_large"


class BadHandshake(InvalidInput):
    """The client did not ask for a protocol version that the server speaks."""

    code = "handshake.invalid"


class AuthTimeout(Unauthenticated):
    """No `auth` frame came in time."""

    code = "auth.timeout"
    message = "No auth frame came in time. Connect again and send it first."


class SocketExpired(Unauthenticated):
    """The proof that the socket was opened with has expired, and no fresh `auth` frame came."""

    code = "auth.token_expired"
    message = "The session of this socket was not renewed in time. Refresh the token and connect again."


class OtherUser(InvalidInput):
    """A fresh `auth` frame must be of the same user and session."""

    code = "auth.other_session"
    message = "This token belongs to another session. Open a new socket for it."


class TooManyTopics(Conflict):
    """The socket follows as many topics as it may."""

    code = "topic.too_many"


class NotFollowing(Conflict):
    """Members are shown on a topic that the socket does not follow."""

    code = "presence.not_following"
    message = "Follow the community's topic before you look at its members."


class TooManyMembers(InvalidInput):
    """A window is wider than `limits.presence_window` of `hello`."""

    code = "presence.too_many_members"


class TooManyWindows(Conflict):
    """The socket looks at members of as many communities as it may."""

    code = "presence.too_many_windows"
    message = "A socket looks at members of at most 10 communities. Stop to look at one of them."


class InternalError(DomainError):
    """Something failed on our side; it was logged."""
