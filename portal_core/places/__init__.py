"""Places of the compound and dictionaries: tables that all plugins share."""
