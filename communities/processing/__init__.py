"""What communities work out without the database."""
