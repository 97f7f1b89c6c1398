"""`make demo`: everything on one machine, no server needed."""
