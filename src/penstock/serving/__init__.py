"""A server's life: its folder, its sockets, the processes it keeps up, what it tells of itself."""
