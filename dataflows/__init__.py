"""What happens to a sample between its topic and the database."""
