"""The plugin's translation domain."""

from portal_core.api import TranslationStringFactory

_ = TranslationStringFactory("portal_meetings")
