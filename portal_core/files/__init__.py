"""Uploaded files: content-addressed, checked by content, served under a permission check."""
