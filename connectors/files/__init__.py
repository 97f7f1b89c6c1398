"""Files that operators write and the project reads: descriptions, places, orbits."""
