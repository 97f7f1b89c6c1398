"""What travels: samples, findings, polls, what is to be stored, and its wire forms."""
