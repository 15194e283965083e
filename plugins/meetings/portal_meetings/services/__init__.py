"""What can be done with rooms and bookings. Services take the container of ``portal_core.api.Services`` and never commit."""
