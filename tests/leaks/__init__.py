"""The leak matrix: every surface that returns data, asked by everybody for everything; it gives the data or nothing at all."""
