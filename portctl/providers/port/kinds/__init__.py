"""One file per kind of Port; each declares `KIND`."""
