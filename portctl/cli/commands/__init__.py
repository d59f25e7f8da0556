"""One file per command, imported only when that command runs: options in, one function of `app` called, text out."""
