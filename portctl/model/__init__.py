"""The types that travel the data path. Types only: nothing here reads, writes or decides."""
