"""The audit log: who did what to which object, for auditors; nothing in it can be changed."""
