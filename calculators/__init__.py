"""One calculator a file, grouped by what it works on."""
