"""The providers of challenges, one module each; none is on unless the settings name it."""
