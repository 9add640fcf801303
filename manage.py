#!/usr/bin/env python
"""Django's command line for this project; `make help` lists the everyday ways in."""

import gc
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    gc.disable()  # all that is imported stays: looking for what goes took half of a start
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    gc.freeze()
    gc.enable()
    execute_from_command_line(sys.argv)
