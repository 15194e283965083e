"""Office hours, holidays and working time."""
