"""Users, departments, roles, permissions, login and sessions."""
