"""What people ask: one folder per bot."""
