"""Models: reading them, running them on LiteRT, and what each expects of the nodes around it."""
