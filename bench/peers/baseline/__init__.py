"""The usual tutorial, kept as the baseline: Channels, daphne, channels_redis and Django's sessions, with messages saved by the ORM."""
