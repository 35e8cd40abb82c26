"""`python -m ecgbench` is the `ecgbench` command."""

from ecgbench.cli import main

main()
