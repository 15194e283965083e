"""The second factor: asked at the login, set up by its owner."""

import io
from dataclasses import dataclass

import segno
from pyramid.csrf import check_csrf_token
from pyramid.httpexceptions import HTTPNotFound
from pyramid.security import NO_PERMISSION_REQUIRED

from portal_core.accounts.addresses import client_ip
from portal_core.accounts.authentication import Authenticator, Outcome
from portal_core.accounts.cookies import delete_cookie
from portal_core.accounts.login import admit, goal_of
from portal_core.accounts.policy import AUTHENTICATED, FACTOR_PAGE, redirect
from portal_core.accounts.throttle import Throttle
from portal_core.errors import Conflict
from portal_core.i18n import _
from portal_core.security.factors import SecondFactorService
from portal_core.security.forms import CodeForm
from portal_core.security.steps import COOKIE, LoginSteps

CODE_PAGE = "/login/code"


@dataclass(frozen=True)
class CodePage:
    """Context of ``security/code.pt``. ``message`` says why the last code was refused."""

    form: CodeForm
    message: str | None = None


@dataclass(frozen=True)
class FactorPage:
    """Context of ``security/factor.pt``. ``secret`` (in groups) and ``picture`` (SVG) are there until the first code came."""

    form: CodeForm
    enrolled: bool
    required: bool
    codes_left: int
    secret: str = ""
    picture: str = ""
    form_page: bool = True


@dataclass(frozen=True)
class CodesPage:
    """Context of ``security/codes.pt``: recovery codes, shown this once."""

    codes: list[str]


def ask_code(request):
    """The form for the code; without a login that waits for one there is nothing to ask."""
    if request.identity is not None:
        return redirect(request, goal_of(request.GET.get("next")))
    if not _waits(request):
        return redirect(request, "/login")
    return CodePage(CodeForm(request, data={"next": goal_of(request.GET.get("next"))}))


def enter_code(request):
    """Check the code and open the session."""
    if request.identity is not None:
        return redirect(request, goal_of(request.POST.get("next")))
    check_csrf_token(request)
    form = CodeForm(request, request.POST)
    form.next.data = goal_of(form.next.data)
    if not form.validate():
        request.response.status_int = 422
        return CodePage(form)
    step, agent = request.cookies.get(COOKIE, ""), request.user_agent or ""
    outcome, token = Authenticator(request.registry.portal).enter_code(step, form.code.data, client_ip(request), agent)
    if outcome is Outcome.OPEN:
        response = admit(request, token, form.next.data)
        delete_cookie(response, COOKIE)
        return response
    if not _waits(request):
        request.flash("warn", _("Please log in again: the time for the code is over, or there were too many wrong codes."))
        return redirect(request, "/login")
    form.code.data = ""
    request.response.status_int = 422
    return CodePage(form, _("This code is wrong or was used already. Please wait for the next one."))


def show_factor(request):
    """What there is: the way to set the second factor up, or how many recovery codes are left."""
    return _factor_page(request, CodeForm(request))


def offer(request):
    """Begin to set it up: a new secret."""
    factors = _factors(request)
    if not factors.enrolled(request.identity.user_id):
        factors.offer(request.identity)
    return redirect(request, FACTOR_PAGE)


def confirm(request):
    """The first code shows that the phone has the secret; then the recovery codes are shown. Wrong ones are counted."""
    form, throttle = CodeForm(request, request.POST), Throttle(request.registry.portal)
    if not form.validate():
        request.response.status_int = 422
        return _factor_page(request, form)
    attempt = throttle.begin(request.identity.login, client_ip(request))
    try:
        codes = None if attempt.locked else _factors(request).confirm(request.identity, form.code.data.replace(" ", ""))
    except Conflict:
        request.roll_back()
        throttle.excuse(attempt)
        return redirect(request, FACTOR_PAGE)
    if codes is None:
        request.roll_back()
        throttle.fail(attempt)
        form.code.errors = [request.translator()(_("This code is wrong or was used already. Please wait for the next one."))]
        request.response.status_int = 422
        return _factor_page(request, form)
    throttle.succeed(attempt, request.db)
    return _codes_page(request, codes)


def renew(request):
    """New recovery codes in place of the old ones."""
    return _codes_page(request, _factors(request).renew_recovery_codes(request.identity))


def _codes_page(request, codes):
    request.override_renderer = "portal_core:templates/security/codes.pt"
    return CodesPage(codes)


def _factor_page(request, form):
    factors, person = _factors(request), request.identity
    form.code.data = ""
    enrolled = factors.enrolled(person.user_id)
    waiting = None if enrolled else factors.offered(person)
    page = {"form": form, "enrolled": enrolled, "required": person.must_enrol}
    if waiting is None:
        return FactorPage(**page, codes_left=factors.codes_left(person.user_id))
    secret, address = waiting
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return FactorPage(**page, codes_left=0, secret=grouped, picture=qr(address))


def qr(text: str) -> str:
    """A QR code of ``text`` as SVG for a page: it scales, and has no colours of its own but black on white."""
    target = io.BytesIO()
    segno.make(text, error="m", micro=False).save(target, kind="svg", xmldecl=False, svgns=True, omitsize=True, light="#fff")
    return target.getvalue().decode()


def _factors(request) -> SecondFactorService:
    """The service. While second factors are not in use, its pages do not exist."""
    factors = request.services.get(SecondFactorService)
    if not factors.on:
        raise HTTPNotFound()
    return factors


def _waits(request):
    return LoginSteps(request.registry.portal).person(request.cookies.get(COOKIE, "")) is not None


def includeme(config):
    """Routes and views."""
    free = {"permission": NO_PERMISSION_REQUIRED, "renderer": "portal_core:templates/security/code.pt"}
    config.add_route("login.code", CODE_PAGE)
    config.add_view(ask_code, route_name="login.code", request_method="GET", **free)
    config.add_view(enter_code, route_name="login.code", request_method="POST", require_csrf=False, **free)
    mine = {
        "permission": AUTHENTICATED,
        "enrolment_allowed": True,
        "renderer": "portal_core:templates/security/factor.pt",
    }
    config.add_route("account.factor", FACTOR_PAGE)
    config.add_route("account.factor.offer", f"{FACTOR_PAGE}/offer")
    config.add_route("account.factor.confirm", f"{FACTOR_PAGE}/confirm")
    config.add_route("account.factor.renew", f"{FACTOR_PAGE}/recovery-codes")
    config.add_view(show_factor, route_name="account.factor", request_method="GET", **mine)
    config.add_view(offer, route_name="account.factor.offer", request_method="POST", **mine)
    config.add_view(confirm, route_name="account.factor.confirm", request_method="POST", **mine)
    config.add_view(renew, route_name="account.factor.renew", request_method="POST", **mine)
