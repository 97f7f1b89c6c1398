"""The process of a flow: its log, its signals, its health, and its state folder."""
