"""The three administrators (三员) of GB/T 22239 and BMB 20: system, security and audit, none of whom may be another.

An *area* is a set of the core's permissions. With the setting ``portal.three_officers``, whoever holds permissions of more than
one area, by whatever role or grant, holds none of any area (``restrained``); so the all-in-one role ``admin`` loses its force by
itself, and no row in the database can join what the setting separates. Giving such rights is refused beforehand, see ``guard``.
"""

from dataclasses import replace

from portal_core.accounts.identity import Identity
from portal_core.declarations import RoleDefault
from portal_core.i18n import _

SETTING = "portal.three_officers"
SYSTEM_AREA, SECURITY_AREA, AUDIT_AREA = "system", "security", "audit"
AREA_TITLES = {
    SYSTEM_AREA: _("System administration"),
    SECURITY_AREA: _("Security administration"),
    AUDIT_AREA: _("Audit administration"),
}
# The middle word of a permission ``core:<thing>:<action>``: what is administered.
_AREAS = {
    **dict.fromkeys(("user", "department", "session", "module", "parameter", "job", "delivery", "calendar"), SYSTEM_AREA),
    "role": SECURITY_AREA,
    **dict.fromkeys(("log", "audit"), AUDIT_AREA),
}
_ENTRANCE = "core:admin:view"
# Reading what people apply for and what is masked is no administration: it is for the role `leader`, or given by name.
_BUSINESS = frozenset(("core:case:view_all", "core:sensitive:view"))
OFFICERS = {
    "system-admin": (_("System administrator of the three"), SYSTEM_AREA),
    "security-admin": (_("Security administrator"), SECURITY_AREA),
    "audit-admin": (_("Audit administrator"), AUDIT_AREA),
}


def area_of(permission: str) -> str | None:
    """The area of ``permission``; None for everything that is no administration of the portal itself."""
    owner, _colon, rest = permission.partition(":")
    return _AREAS.get(rest.partition(":")[0]) if owner == "core" else None


def areas_of(permissions) -> frozenset[str]:
    """The areas to which ``permissions`` belong."""
    return frozenset(area for area in map(area_of, permissions) if area)


def officer_roles(defaults: list[RoleDefault]) -> list[RoleDefault]:
    """The three roles, made of what the role ``admin`` may do by default: whatever belongs to no area is the system's."""
    given = [p for default in defaults if default.code == "admin" for p in default.permissions]
    return [RoleDefault(code, title, _share(given, area)) for code, (title, area) in OFFICERS.items()]


def _share(permissions, area):
    ours = (p for p in permissions if p not in _BUSINESS and (area_of(p) or SYSTEM_AREA) == area)
    return tuple(dict.fromkeys((_ENTRANCE, *ours)))


def held(identity: Identity) -> frozenset[str]:
    """The permissions of some area that ``identity`` holds in whatever way, also within one scope only."""
    names = {*identity.permissions, *identity.scoped, *identity.reaches}
    return frozenset(name for name in names if area_of(name))


def restrained(identity: Identity, settings) -> Identity:
    """``identity`` as it counts: with the setting on, without all areas when it holds permissions of more than one."""
    if not settings[SETTING]:
        return identity
    lost = held(identity)
    if len(areas_of(lost)) < 2:
        return identity
    return replace(
        identity,
        permissions=identity.permissions - lost,
        scoped={name: scopes for name, scopes in identity.scoped.items() if name not in lost},
        reaches={name: reach for name, reach in identity.reaches.items() if name not in lost},
    )
