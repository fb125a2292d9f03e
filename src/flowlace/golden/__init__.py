"""Results of graphs that were looked at and kept, and checks that they are still the same."""
