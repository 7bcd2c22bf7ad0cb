"""`python -m imgclean`."""

from imgclean.cli import main

main()
