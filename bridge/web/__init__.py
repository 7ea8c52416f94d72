"""The web server: whether the program is well."""
