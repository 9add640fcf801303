"""`make run`: services, migrations, gateway processes and worker under one parent that starts, watches, restarts and stops them."""
