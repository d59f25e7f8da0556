"""Services as providers: what is particular to one API stays below here."""
