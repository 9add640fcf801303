"""What operators see: request ids, structured logs and the access log. Health probes are in `project.health`."""
