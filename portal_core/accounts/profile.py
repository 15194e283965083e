"""One's own telephone number and e-mail address."""

from dataclasses import dataclass

import sqlalchemy as sa
from pyramid.httpexceptions import HTTPSeeOther
from wtforms import StringField
from wtforms.validators import Length, Optional, Regexp

from portal_core.accounts.addresses import client_ip
from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department, User, UserDepartment
from portal_core.audit.services import AuditService
from portal_core.i18n import _
from portal_core.services import Services
from portal_core.web.forms import PortalForm

# What a telephone can dial, and what a mail server takes; whether it is the person's own, only a message can tell.
PHONE = r"\+?[0-9][0-9 ()-]{4,30}"
EMAIL = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"


class ProfileForm(PortalForm):
    """What a person may change about themselves; name and unit come from the administrators."""

    phone = StringField(
        _("Phone"), [Optional(), Length(max=32), Regexp(f"^{PHONE}$", message=_("Please fill in a telephone number"))]
    )
    email = StringField(
        _("E-mail"), [Optional(), Length(max=120), Regexp(f"^{EMAIL}$", message=_("Please fill in an e-mail address"))]
    )


@dataclass(frozen=True)
class ProfilePage:
    """Context of ``profile.pt``."""

    form: ProfileForm
    form_page: bool = True


class ProfileService:
    """One's own data."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def email(self, person: Identity) -> str:
        """The person's e-mail address, empty when there is none."""
        return self.session.scalar(sa.select(User.email).where(User.id == person.user_id)) or ""

    def further_units(self, person: Identity) -> list[str]:
        """The names of the person's units beside the main one."""
        query = sa.select(Department.name).join(UserDepartment, UserDepartment.department_id == Department.id)
        return list(self.session.scalars(query.where(UserDepartment.user_id == person.user_id).order_by(Department.path)))

    def save(self, person: Identity, phone: str, email: str, ip: str = "") -> None:
        """Change the person's own telephone number and e-mail address."""
        user = self.session.get_one(User, person.user_id)
        before = {"phone": user.phone, "email": user.email}
        user.phone, user.email = phone, email
        after = {"phone": phone, "email": email}
        self.services.get(AuditService).record_change(
            person, "core.user", person.user_id, before, after, action="core.profile_changed", ip=ip
        )
        self.session.flush()


def show(request) -> ProfilePage:
    """The form with what is known."""
    email = request.services.get(ProfileService).email(request.identity)
    return ProfilePage(ProfileForm(request, data={"phone": request.identity.phone, "email": email}))


def save(request):
    """Store what was typed."""
    form = ProfileForm(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return ProfilePage(form)
    request.services.get(ProfileService).save(request.identity, form.phone.data, form.email.data, client_ip(request))
    request.flash("ok", _("Saved."))
    return HTTPSeeOther("/me")


def includeme(config):
    """Route and views."""
    config.add_route("account.profile", "/account/profile")
    template = "portal_core:templates/accounts/profile.pt"
    config.add_view(show, route_name="account.profile", request_method="GET", renderer=template)
    config.add_view(save, route_name="account.profile", request_method="POST", renderer=template)
