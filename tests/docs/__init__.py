"""README.md and docs/: their generated parts, and what their tests read of them."""
