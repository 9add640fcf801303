"""What communities keep so that the database alone does not give it away."""
