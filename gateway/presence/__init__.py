"""Who is there, and who is shown it. `roster` and `windows` hold this process's part without I/O, `store` is Redis.

`reporter` tells Redis and the other processes of the users here, `lookout` tells the sockets here of users anywhere.
"""
