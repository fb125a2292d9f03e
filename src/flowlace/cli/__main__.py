"""`python -m flowlace.cli`."""

from flowlace.cli.app import main

main()
