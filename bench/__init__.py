"""Measures Portcullis against other servers on one machine: `python -m bench`. Needs a C compiler, Linux and two cores."""
