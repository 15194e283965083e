"""Evaluation: questionnaires that plugins declare, answered once per person and subject."""
