"""What every bot needs to understand and to be understood."""
