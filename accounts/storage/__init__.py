"""What accounts keep in Redis: socket tickets, and which sessions were found to live."""
