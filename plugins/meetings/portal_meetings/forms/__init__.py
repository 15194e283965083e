"""The forms of the meeting rooms."""
