"""Numbers for leaders: datasets, their page, their exports."""
