"""`python -m graphgen` is the command `graphgen`."""

from graphgen.cli import main

main()
