"""History: what happened to a field, told from the append-only rows of the store. Nothing here writes."""
