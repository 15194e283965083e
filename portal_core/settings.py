"""Settings: declared with name, type, default and meaning; read from the ini file and the environment.

Every setting of the core and of the plugins is a ``SettingSpec``. Unknown names with a known prefix stop the start, because a
misspelt setting that is silently ignored is found only when it is needed. ``docs/settings.md`` is generated from here.
"""

import os
from pathlib import Path

from portal_core.declarations import SettingSpec
from portal_core.errors import StartError
from portal_core.i18n import _


def as_bool(text):
    """True or False from the words people write in ini files."""
    word = str(text).strip().lower()
    if word in ("true", "yes", "on", "1"):
        return True
    if word in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def as_list(text):
    """Words separated by white space or commas."""
    return tuple(str(text).replace(",", " ").split())


def as_text(text):
    """Text that is not empty."""
    if not str(text).strip():
        raise ValueError("must not be empty")
    return str(text).strip()


def as_count(text):
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise ValueError(f"{number} is less than 1")
    return number


CORE_SETTINGS = (
    SettingSpec("portal.plugins", "", "Enabled plugins in the order of migration and menu.", as_list),
    SettingSpec("portal.database_url", "", "SQLAlchemy URL. Empty: SQLite in the data folder.", str, "PORTAL_DATABASE_URL"),
    SettingSpec(
        "portal.data_dir",
        "var",
        "Folder for uploads and the embedded database; relative to the ini file.",
        str,
        "PORTAL_DATA_DIR",
    ),
    SettingSpec("portal.production", "false", "True refuses demo data and development aids.", as_bool),
    SettingSpec(
        "portal.site_title",
        "机关后勤服务平台",
        "Name shown at the top left and in page titles.",
        as_text,
        title=_("Name of the portal"),
    ),
    SettingSpec(
        "portal.service_phone",
        "8800 1234",
        "Telephone number shown where people may need help.",
        str,
        title=_("Service phone"),
    ),
    SettingSpec("portal.timezone", "Asia/Shanghai", "IANA name of the zone in which times are shown and typed.", str),
    SettingSpec("portal.locale", "zh_CN", "Default language of the interface: zh_CN or en.", str),
    SettingSpec("portal.theme", "default", "Theme folder inside portal.themes_dir.", str),
    SettingSpec("portal.themes_dir", "themes", "Folder of the themes; relative to the ini file.", str),
    SettingSpec("portal.worker", "none", "embedded: run jobs in a thread of this process; none: by `portal worker`.", str),
    SettingSpec("portal.secure_cookies", "false", "True sends cookies over HTTPS only.", as_bool),
    SettingSpec("portal.trusted_proxies", "0", "How many proxies in front set X-Forwarded-For; 0: none is believed.", int),
    SettingSpec("portal.max_body_mb", "24", "Largest request body in MB; more is answered 413.", int),
    SettingSpec(
        "portal.session_idle_minutes",
        "30",
        "Minutes without a request after which a session ends (GB/T 22239 level 2).",
        as_count,
        title=_("Minutes without activity after which a login ends"),
    ),
    SettingSpec(
        "portal.session_absolute_hours",
        "12",
        "Hours after which a session ends in any case.",
        as_count,
        title=_("Hours after which a login ends in any case"),
    ),
    SettingSpec(
        "portal.login_captcha_after",
        "3",
        "Failures within the window after which a captcha is asked.",
        as_count,
        title=_("Failed logins after which a captcha is asked"),
    ),
    SettingSpec(
        "portal.login_lock_after",
        "5",
        "Failures within the window after which the account is locked.",
        as_count,
        title=_("Failed logins after which an account is locked"),
    ),
    SettingSpec(
        "portal.login_window_minutes",
        "10",
        "Window in which failures are counted, in minutes.",
        as_count,
        title=_("Minutes in which failed logins are counted"),
    ),
    SettingSpec(
        "portal.login_lock_minutes", "30", "Length of a lock, in minutes.", as_count, title=_("Length of a lock in minutes")
    ),
    SettingSpec(
        "portal.password_profile", "standard", "standard: argon2id at the library's default cost; cheapest: tests only.", str
    ),
    SettingSpec(
        "portal.download_dir",
        "downloads",
        "Folder with browser installers offered by the upgrade page; relative to the ini file.",
        str,
    ),
    SettingSpec("portal.log_level", "INFO", "Lowest level of the JSON log on standard error.", str),
)

FOREIGN_PREFIXES = ("pyramid.", "retry.", "tm.", "debugtoolbar.")


class Settings(dict):
    """Parsed settings by full name, with ``here`` (folder of the ini file) and ``source`` (its path or None).

    ``given`` holds the texts as they stood in the ini file, the environment, or as the default.
    """

    here: Path
    source: Path | None
    given: dict[str, str]

    def path(self, name):
        """The setting ``name`` as an absolute path; relative ones start at the ini file's folder."""
        return (self.here / self[name]).resolve()


def read(global_config, raw, specs):
    """Parse ``raw`` (ini strings by name) by ``specs``; returns ``Settings``. Raises ``StartError``."""
    settings = Settings()
    settings.given = {}
    source = global_config.get("__file__")
    settings.source = Path(source) if source else None
    settings.here = settings.source.parent if settings.source else Path.cwd()
    known = {spec.name: spec for spec in specs}
    prefixes = {name.split(".")[0] for name in known}
    for name in raw:
        if name.split(".")[0] in prefixes and name not in known:
            raise StartError(f"{line_of(settings.source, name)}: unknown setting {name!r}")
    for spec in known.values():
        text = os.environ.get(spec.env) if spec.env else None
        if text is None:
            text = raw.get(spec.name, spec.default)
        settings.given[spec.name] = text
        try:
            settings[spec.name] = spec.parse(text)
        except (TypeError, ValueError) as error:
            raise StartError(f"{line_of(settings.source, spec.name)}: {spec.name}: {error}") from error
    return settings


def line_of(source, name):
    """``file, line n`` of the setting ``name`` for messages; only the file when the name does not stand there."""
    if source is None:
        return "settings"
    for number, line in enumerate(Path(source).read_text("utf8").splitlines(), 1):
        if line.split("=")[0].strip() == name:
            return f"{source}, line {number}"
    return str(source)
