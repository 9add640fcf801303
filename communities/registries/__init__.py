"""What higher apps add to communities: the kinds of things that gates can hang on."""
