"""Communities, memberships, roles and the one function that decides who may reach what."""
