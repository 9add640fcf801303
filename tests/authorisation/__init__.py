"""Who may do what, route by route: the table of every route of the URL configuration, and the requests that prove it."""
