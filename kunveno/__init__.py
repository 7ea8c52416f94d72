"""The program: configuration, wiring of the floors, command line and demo."""
