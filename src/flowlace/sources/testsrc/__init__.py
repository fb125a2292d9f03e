"""Built-in sources that need no file, camera or network."""
