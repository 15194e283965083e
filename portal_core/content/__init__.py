"""Announcements, help pages and frequent questions."""
