"""Pages of 系统管理 for modules and parameters."""

from dataclasses import dataclass

from pyramid.httpexceptions import HTTPSeeOther
from wtforms import RadioField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from portal_core.accounts.addresses import client_ip
from portal_core.admin.menu import OPERATION
from portal_core.errors import Invalid
from portal_core.health import plugin_states, run_checks
from portal_core.i18n import _
from portal_core.modules.services import VALUE_MAX, ModuleService, ModuleState, ParameterService, ParameterState
from portal_core.services import Services
from portal_core.web.forms import Filled, PortalForm

MODULES, PARAMETERS = "/admin/modules", "/admin/parameters"
MANAGE_MODULES, MANAGE_PARAMETERS = "core:module:manage", "core:parameter:manage"
SWITCH = {"true": _("Yes"), "false": _("No")}


class SwitchForm(PortalForm):
    """Switching a module off asks for a reason, which whoever meets the closed module can be told."""

    act = RadioField("", [InputRequired()], choices=[SelectChoice("on", "on"), SelectChoice("off", "off")])
    reason = StringField(_("Reason"), [Length(max=200)])

    def validate_reason(self, field):
        """Needed for switching off."""
        if self.act.data == "off":
            Filled()(self, field)


@dataclass(frozen=True)
class ModulesPage:
    """Context of ``modules.pt``. ``health`` tells of each module by name whether its checks pass."""

    modules: tuple[ModuleState, ...]
    health: dict[str, bool]


@dataclass(frozen=True)
class ModulePage:
    """Context of ``module.pt``: the page that switches one module."""

    module: ModuleState
    form: SwitchForm
    form_page: bool = True


@dataclass(frozen=True)
class ParametersPage:
    """Context of ``parameters.pt``: pairs of parameter and field, and the words for the two values of a ``switch``."""

    parameters: tuple[ParameterState, ...]
    form: PortalForm
    switch: dict
    form_page: bool = True


def modules(request) -> ModulesPage:
    """All modules of the configuration."""
    portal = request.registry.portal
    states = plugin_states(portal, run_checks(portal))
    health = {state["name"]: state["health"] == "ok" for state in states}
    return ModulesPage(tuple(request.services.get(ModuleService).states()), health)


def module(request) -> ModulePage:
    """What switching means, and the button that does it."""
    state = request.services.get(ModuleService).state(request.matchdict["name"])
    return ModulePage(state, SwitchForm(request))


def switch(request):
    """Switch one module on or off."""
    name, form = request.matchdict["name"], SwitchForm(request, request.POST)
    service = request.services.get(ModuleService)
    state = service.state(name)
    if not form.validate():
        request.response.status_int = 422
        return ModulePage(state, form)
    on = form.act.data == "on"
    service.switch(name, on, request.identity, form.reason.data, client_ip(request))
    title = request.translator()(state.title)
    text = _("Switched on: ${name}", mapping={"name": title}) if on else _("Switched off: ${name}", mapping={"name": title})
    request.flash("ok", text)
    return HTTPSeeOther(MODULES)


def parameters(request) -> ParametersPage:
    """All parameters with their present values."""
    states = request.services.get(ParameterService).states()
    values = {field_name(state.name): state.value for state in states}
    return ParametersPage(tuple(states), parameter_form(states)(request, data=values), SWITCH)


def save_parameters(request):
    """Store what was changed; the other fields stay as they are."""
    reading = Services(request.reader, request.registry.portal)
    states = reading.get(ParameterService).states()
    form = parameter_form(states)(request, request.POST)
    names = {field_name(state.name): state.name for state in states}
    valid = form.validate()
    if valid:
        try:
            values = {name: form[field].data for field, name in names.items()}
            changed = request.services.get(ParameterService).save(values, request.identity, client_ip(request))
        except Invalid as error:
            request.roll_back()
            form.add_errors(Invalid(error.message, {field_name(name): text for name, text in error.fields.items()}))
            valid = False
    if not valid:
        request.response.status_int = 422
        return ParametersPage(tuple(states), form, SWITCH)
    request.flash("ok", _("${count} parameters were changed", mapping={"count": len(changed)}))
    return HTTPSeeOther(PARAMETERS)


def field_name(name: str) -> str:
    """The name of a parameter's field: a dot would mean a field within a field."""
    return name.replace(".", "__")


def parameter_form(states) -> type[PortalForm]:
    """A form with one line for each parameter, and a choice of yes and no for each switch."""
    fields = {field_name(state.name): _field(state) for state in states}
    return type("ParameterForm", (PortalForm,), fields)


def _field(state):
    if not state.switch:
        return StringField(state.title, [Length(max=VALUE_MAX)])
    return SelectField(state.title, choices=[SelectChoice(value, title) for value, title in SWITCH.items()])


def includeme(config):
    """Routes, views and menu entries."""
    config.add_route("core.modules", MODULES)
    config.add_route("core.module", MODULES + "/{name:[a-z0-9_]{1,64}}")
    config.add_route("core.parameters", PARAMETERS)
    many, one = "portal_core:templates/modules/modules.pt", "portal_core:templates/modules/module.pt"
    manage = {"permission": MANAGE_MODULES}
    config.add_view(modules, route_name="core.modules", request_method="GET", renderer=many, **manage)
    config.add_view(module, route_name="core.module", request_method="GET", renderer=one, **manage)
    config.add_view(switch, route_name="core.module", request_method="POST", renderer=one, **manage)
    page = {"permission": MANAGE_PARAMETERS, "renderer": "portal_core:templates/modules/parameters.pt"}
    config.add_view(parameters, route_name="core.parameters", request_method="GET", **page)
    config.add_view(save_parameters, route_name="core.parameters", request_method="POST", **page)
    note = _("What is installed, whether it is well, and switching it on or off without a restart")
    config.add_admin_page("modules", _("Modules"), MODULES, permission=MANAGE_MODULES, group=OPERATION, order=10, note=note)
    note = _("Values that may change while the portal runs")
    config.add_admin_page(
        "parameters", _("Parameters"), PARAMETERS, permission=MANAGE_PARAMETERS, group=OPERATION, order=20, note=note
    )
