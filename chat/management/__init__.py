"""What chat adds to the command line."""
