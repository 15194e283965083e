"""Plugins that are switched on and off while the portal runs, and settings that administrators may change."""
