"""Cases, tasks (待办), timeline and flows: the heart of the portal."""
