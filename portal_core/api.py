"""Every name that a plugin may import. What is not here may change without notice.

``import-linter`` holds plugins to this module (and ``portal_core.testing`` in tests).
"""

from pyramid.i18n import TranslationStringFactory

from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.accounts.models import Department, Role, User
from portal_core.accounts.services import DepartmentService, RightsService
from portal_core.audit.services import AuditService
from portal_core.clock import Clock, FixedClock
from portal_core.db import BigId, UTCDateTime, plugin_base
from portal_core.declarations import (
    HOOK_API,
    Assets,
    Choice,
    DashboardCard,
    DemoContext,
    EvaluationForm,
    HealthCheck,
    Job,
    MenuEntry,
    Migrations,
    NotificationType,
    Permission,
    PluginInfo,
    Question,
    RoleDefault,
    ServiceTile,
    SettingSpec,
    Subject,
)
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, ServiceError, Stale
from portal_core.evaluations.services import EvaluationService
from portal_core.files.models import StoredFile
from portal_core.files.services import FileService
from portal_core.hookspecs import hookimpl
from portal_core.inbox.flow import CaseHandler, Flow, State, TaskSpec, Transition, TransitionContext
from portal_core.inbox.models import Case, Task
from portal_core.inbox.services import CaseService
from portal_core.notifications.services import NotificationService
from portal_core.services import Services
from portal_core.settings import as_bool, as_list
from portal_core.web.forms import PortalForm
from portal_core.web.params import choice_param, date_param, int_param

__all__ = [
    "HOOK_API", "SYSTEM", "Assets", "AuditService", "BigId", "Case", "CaseHandler", "CaseService", "Choice", "Clock", "Conflict",
    "DashboardCard", "DemoContext", "Department", "DepartmentService", "EvaluationForm", "EvaluationService", "FileService", "FixedClock", "Flow",
    "Forbidden", "HealthCheck", "Identity", "Invalid", "Job", "MenuEntry", "Migrations", "NotFound", "NotificationService",
    "NotificationType", "Permission", "PluginInfo", "PortalForm", "Question", "RightsService", "Role", "RoleDefault", "ServiceError",
    "ServiceTile", "Services", "SettingSpec", "Stale", "State", "StoredFile", "Subject", "Task", "TaskSpec", "Transition",
    "TransitionContext", "TranslationStringFactory", "UTCDateTime", "User", "as_bool", "as_list", "choice_param", "date_param",
    "hookimpl", "int_param", "plugin_base",
]
