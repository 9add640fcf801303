"""What accounts keep beside their tables: socket tickets and which sessions live (Redis), and Django's sessions (PostgreSQL)."""
