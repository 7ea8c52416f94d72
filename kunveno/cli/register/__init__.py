"""What the commands on branches, members and mandates do. Imported when one of them runs."""
