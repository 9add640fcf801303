"""The one way in which starting something fails: a sentence for the person at the terminal. Domain errors live in kernel."""


class CannotStart(Exception):  # reads as what happened: "cannot start: ..."
    """One clear sentence that says what is wrong and what to do; whoever catches it prints it and exits non-zero."""
