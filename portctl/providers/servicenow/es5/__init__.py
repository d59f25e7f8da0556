"""ECMAScript 5, as far as reading a script without running it takes: words, syntax tree, free names."""
