"""How communities speak to what is outside of the installation."""
