"""What a graph looks like and what it does while it runs."""
