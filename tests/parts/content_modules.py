"""Tables of the tests for announcements, help, modules and parameters; see ``tests.parts``."""

from portal_core.modules.models import Generation, ModuleOff, Parameter
from tests.tables import Form, Page

ADMIN = ("admin",)
WRITTEN = (Generation, ModuleOff, Parameter)

PAGES = {
    "GET core.modules": ("/admin/modules", ADMIN),
    "GET core.module": ("/admin/modules/meetings", ADMIN),
    "POST core.module": ("/admin/modules/meetings", ADMIN),
    "GET core.parameters": ("/admin/parameters", ADMIN),
    "POST core.parameters": ("/admin/parameters", ADMIN),
}


def _parameters(scene):
    page = scene.browsers["admin"].get("/admin/parameters").html
    fields = {field["name"]: field.get("value", "") for field in page.select("main input[type=text]")}
    return "/admin/parameters", fields


FORMS = {
    # Switching on what is on changes nothing, so that the other tests find the module.
    "module": Form("admin", lambda scene: ("/admin/modules/meetings", {"act": "on", "reason": "检修"})),
    "parameters": Form("admin", _parameters),
}
BROWSER = (
    Page("admin-modules", "admin", "/admin/modules"),
    Page("admin-module", "admin", "/admin/modules/meetings"),
    Page("admin-parameters", "admin", "/admin/parameters"),
)
