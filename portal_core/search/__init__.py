"""Finding cases, people, rooms and help pages."""
