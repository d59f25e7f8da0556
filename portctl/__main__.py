"""`python -m portctl`."""

from portctl.cli import main

if __name__ == "__main__":
    main()
