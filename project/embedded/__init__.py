"""PostgreSQL and Redis from wheels, for development, demo and tests on a machine that has neither. Production brings its own."""
