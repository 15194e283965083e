"""Every name that a plugin may import. What is not here may change without notice.

``import-linter`` holds plugins to this module (and ``portal_core.testing`` in tests).
"""

from pyramid.i18n import TranslationStringFactory

from portal_core.accounts.departments import DepartmentService
from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.accounts.models import Department, Role, User
from portal_core.accounts.reach import within
from portal_core.accounts.rights import GrantSubject, RightsService
from portal_core.accounts.services import AccountService
from portal_core.audit.services import AuditService
from portal_core.calendar.hours import WorkingDays, WorkingHours
from portal_core.calendar.services import CalendarService
from portal_core.clock import Clock, FixedClock
from portal_core.db import BigId, UTCDateTime, plugin_base
from portal_core.declarations import (
    HOOK_API,
    Assets,
    AuditWords,
    Choice,
    DashboardCard,
    DemoContext,
    Dictionary,
    EvaluationForm,
    FileOwner,
    FollowUp,
    HealthCheck,
    Job,
    MenuEntry,
    Migrations,
    NotificationType,
    Permission,
    PluginInfo,
    Question,
    QueuedJob,
    RatingTask,
    RoleDefault,
    ServiceTile,
    SettingSpec,
    Subject,
)
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, ServiceError, Stale
from portal_core.evaluations.models import Evaluation
from portal_core.evaluations.services import EvaluationService
from portal_core.files.chosen import ChosenFiles
from portal_core.files.images import normalise as check_image
from portal_core.files.models import StoredFile
from portal_core.files.services import FileService
from portal_core.files.uploads import Upload, uploads
from portal_core.formkit import change_rows
from portal_core.hookspecs import hookimpl
from portal_core.inbox.batch import BATCH_MAX, BatchOutcome, BatchService
from portal_core.inbox.flow import CaseHandler, Flow, State, TaskSpec, Transition, TransitionContext
from portal_core.inbox.models import Case, CaseEvent, Task
from portal_core.inbox.phrases import opinion_in
from portal_core.inbox.plans.path import PathService, PathStage
from portal_core.inbox.services import CaseService
from portal_core.jobs.models import QueuedWork
from portal_core.jobs.services import JobService
from portal_core.notifications.channels import Channel, Outcome, Outgoing
from portal_core.notifications.deliveries import DeliveryService
from portal_core.notifications.services import NotificationService
from portal_core.places.dictionaries import DictionaryService
from portal_core.places.services import PlaceData, PlaceService
from portal_core.search.providers import Hit, SearchProvider
from portal_core.security.masking import SensitiveService
from portal_core.services import Services
from portal_core.settings import as_bool, as_list
from portal_core.statistics.datasets import Chart, Column, Dataset, Dimension, average, count, ratio, share, total
from portal_core.statistics.functions import minutes_between
from portal_core.web.answers import reading, refused
from portal_core.web.forms import Filled, PortalForm, TickBoxes, VersionField
from portal_core.web.params import choice_param, date_param, int_param, path_id, text_param

__all__ = [
    "AccountService",
    "Assets",
    "AuditService",
    "AuditWords",
    "BATCH_MAX",
    "BatchOutcome",
    "BatchService",
    "BigId",
    "CalendarService",
    "Case",
    "CaseEvent",
    "CaseHandler",
    "CaseService",
    "Channel",
    "Chart",
    "Choice",
    "ChosenFiles",
    "Clock",
    "Column",
    "Conflict",
    "DashboardCard",
    "Dataset",
    "DeliveryService",
    "DemoContext",
    "Department",
    "DepartmentService",
    "Dictionary",
    "DictionaryService",
    "Dimension",
    "Evaluation",
    "EvaluationForm",
    "EvaluationService",
    "FileOwner",
    "FileService",
    "Filled",
    "FixedClock",
    "Flow",
    "FollowUp",
    "Forbidden",
    "GrantSubject",
    "HOOK_API",
    "HealthCheck",
    "Hit",
    "Identity",
    "Invalid",
    "Job",
    "JobService",
    "MenuEntry",
    "Migrations",
    "NotFound",
    "NotificationService",
    "NotificationType",
    "Outcome",
    "Outgoing",
    "PathService",
    "PathStage",
    "Permission",
    "PlaceData",
    "PlaceService",
    "PluginInfo",
    "PortalForm",
    "Question",
    "QueuedJob",
    "QueuedWork",
    "RatingTask",
    "RightsService",
    "Role",
    "RoleDefault",
    "SYSTEM",
    "SensitiveService",
    "SearchProvider",
    "ServiceError",
    "ServiceTile",
    "Services",
    "SettingSpec",
    "Stale",
    "State",
    "StoredFile",
    "Subject",
    "Task",
    "TaskSpec",
    "TickBoxes",
    "Transition",
    "TransitionContext",
    "TranslationStringFactory",
    "UTCDateTime",
    "Upload",
    "User",
    "VersionField",
    "WorkingDays",
    "WorkingHours",
    "as_bool",
    "as_list",
    "average",
    "change_rows",
    "check_image",
    "choice_param",
    "count",
    "date_param",
    "hookimpl",
    "int_param",
    "opinion_in",
    "minutes_between",
    "path_id",
    "plugin_base",
    "reading",
    "refused",
    "ratio",
    "share",
    "text_param",
    "total",
    "uploads",
    "within",
]
