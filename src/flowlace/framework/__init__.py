"""The engine: packets, contracts, calculators, graphs and their scheduling."""
