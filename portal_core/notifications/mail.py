"""E-mail, the core's own channel: one message to one person over SMTP (RFC 5321), so that each has an outcome of its own.

The replies of RFC 5321 section 4.2.1 become outcomes: 4xx is tried again; 5xx to RCPT means this person; 5xx to the login, to
MAIL or to the greeting means our set-up, so the channel pauses; 5xx to the text means this message. Once the text has been handed
over and no reply came, nobody knows; the message is sent again with the same Message-ID, by which mail programs find doubles.
"""

import re
import smtplib
import socket
import ssl
import time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.i18n import _
from portal_core.notifications.channels import Channel, Outcome
from portal_core.notifications.letter import html_of, text_of
from portal_core.web.text import clean_line

EMAIL = "email"
PLAIN, STARTTLS, TLS = "plain", "starttls", "tls"
# The text is not handed over later than this after the beginning, so that an attempt ends before its lease does.
LAST_MOMENT_SECONDS = 25.0
# A dot-atom and a host name (RFC 5321 section 4.1.2), in ASCII: not every server speaks SMTPUTF8.
ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
MAX_ADDRESS = 120
SENDER_PARTS = re.compile(r'(?:"?(?P<name>[^<>@,"]*)"?\s*<)?(?P<address>[^<>\s]+)(?(name)>)')
REFUSED, SLOW, BROKEN, NO_REPLY, CERTIFICATE = "smtp_refused", "smtp_slow", "smtp_broken", "smtp_no_reply", "smtp_tls"
LOGIN, SENDER, RECIPIENT, TEXT, BUSY = "smtp_login", "smtp_sender", "smtp_recipient", "smtp_text", "smtp_busy"
BAD_ADDRESS = "smtp_address"
CAUSES = {
    REFUSED: _("The mail server cannot be reached"),
    SLOW: _("The mail server answers too slowly"),
    BROKEN: _("The mail server broke the connection"),
    NO_REPLY: _("The mail server did not say whether it took the message"),
    CERTIFICATE: _("No encrypted connection to the mail server; look at portal.smtp_security and the certificate"),
    LOGIN: _("The mail server refuses the login; look at portal.smtp_user and the password"),
    SENDER: _("The mail server refuses the sender; look at portal.smtp_from"),
    RECIPIENT: _("The mail server knows no such recipient"),
    TEXT: _("The mail server refuses the message"),
    BUSY: _("The mail server asks to come back later"),
    BAD_ADDRESS: _("The address in the person's data is no e-mail address"),
}


def is_configured(portal) -> bool:
    """A server and a sender are set."""
    return bool(portal.settings["portal.smtp_host"] and portal.settings["portal.smtp_from"])


def addresses(services, user_ids):
    """The e-mail addresses of the active ones of ``user_ids`` who have any."""
    query = sa.select(User.id, User.email).where(User.id.in_(user_ids), User.active, User.email != "")
    return dict(services.session.execute(query).all())


def parse_sender(text: str) -> Address | None:
    """``机关后勤 <portal@example.org>`` or an address alone; None for empty text, ValueError for anything else."""
    text = clean_line(text)
    if not text:
        return None
    parts = SENDER_PARTS.fullmatch(text)
    if parts is None or not is_address(parts["address"]):
        raise ValueError(f"{text!r} is no e-mail address")
    return Address((parts["name"] or "").strip(), addr_spec=parts["address"])


def parse_security(text: str) -> str:
    """``plain``, ``starttls`` or ``tls``; ValueError for anything else."""
    if text not in (PLAIN, STARTTLS, TLS):
        raise ValueError(f"{text!r} is none of plain, starttls, tls")
    return text


def is_address(text: str) -> bool:
    """Can ``text`` be mailed to? Nothing that could end a header or an SMTP command passes."""
    return len(text) <= MAX_ADDRESS and ADDRESS.fullmatch(text) is not None


def compose(portal, message) -> EmailMessage:
    """``message`` as a MIME message of text and HTML in Base64, which every server passes on unchanged."""
    settings = portal.settings
    sender: Address = settings["portal.smtp_from"]
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = Address(addr_spec=message.address)
    letter["Subject"] = clean_line(f"【{settings['portal.site_title']}】{message.title}")
    letter["Date"] = format_datetime(portal.clock.local(message.created))
    letter["Message-ID"] = f"<{message.key}@{sender.domain}>"
    # RFC 3834: nobody's holiday reply shall come back.
    letter["Auto-Submitted"] = "auto-generated"
    if message.urgent:
        letter["Importance"] = "high"
    letter.set_content(text_of(portal, message), cte="base64")
    letter.add_alternative(html_of(portal, message), subtype="html", cte="base64")
    return letter


def deliver(portal, message) -> Outcome:
    """One attempt over a connection of its own."""
    if not is_address(message.address):
        return Outcome.unreachable(BAD_ADDRESS, message.address)
    letter = compose(portal, message)
    begin = time.monotonic()
    try:
        server = _connect(portal.settings)
    except ssl.SSLError as error:
        return Outcome.pause(CERTIFICATE, str(error))
    except smtplib.SMTPAuthenticationError as error:
        return _by_code(error.smtp_code, error.smtp_error, Outcome.pause, LOGIN)
    except smtplib.SMTPNotSupportedError as error:
        # No STARTTLS or no login offered, but asked for.
        return Outcome.pause(CERTIFICATE if "STARTTLS" in str(error) else LOGIN, str(error))
    except smtplib.SMTPResponseException as error:
        return _by_code(error.smtp_code, error.smtp_error, Outcome.pause, REFUSED)
    except (OSError, smtplib.SMTPException) as error:
        return _trouble(error, REFUSED)
    try:
        return _hand_over(server, portal.settings, message, letter, begin)
    finally:
        # Politeness (QUIT) could wait for a server that is gone.
        server.close()


def _connect(settings):
    host, port, timeout = (settings[f"portal.smtp_{name}"] for name in ("host", "port", "timeout"))
    # The name is given, because looking it up takes long where there is no name server.
    options = {"timeout": timeout, "local_hostname": socket.gethostname()}
    security, user = settings["portal.smtp_security"], settings["portal.smtp_user"]
    if security == TLS:
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, **options, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, **options)
    try:
        if security == STARTTLS:
            server.starttls(context=ssl.create_default_context())
        if user:
            server.login(user, settings["portal.smtp_password"])
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _hand_over(server, settings, message, letter, begin):
    """MAIL, RCPT and DATA; what a server says at each step means something else."""
    try:
        for command, refused, cause in (
            (lambda: server.mail(settings["portal.smtp_from"].addr_spec), Outcome.pause, SENDER),
            (lambda: server.rcpt(message.address), Outcome.unreachable, RECIPIENT),
        ):
            code, reply = command()
            if code // 100 != 2:
                return _by_code(code, reply, refused, cause)
        if time.monotonic() - begin > LAST_MOMENT_SECONDS:
            return Outcome.retry(SLOW)
        code, reply = server.docmd("DATA")
        if code != 354:
            return _by_code(code, reply, Outcome.permanent, TEXT)
    except (OSError, smtplib.SMTPException) as error:
        return _trouble(error, BROKEN)
    try:
        # A line that is a dot ends the text, so a dot at the beginning of a line is doubled (RFC 5321 section 4.5.2).
        server.send(re.sub(rb"(?m)^\.", b"..", letter.as_bytes()) + b".\r\n")
        code, reply = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Outcome.unknown(NO_REPLY, str(error))
    if code // 100 != 2:
        return _by_code(code, reply, Outcome.permanent, TEXT)
    return Outcome.sent(_words(reply)[:200])


def _by_code(code, reply, refused, cause):
    """A refusal: 4xx may pass, everything else stands."""
    detail = f"{code} {_words(reply)}"
    return Outcome.retry(BUSY, detail) if code // 100 == 4 else refused(cause, detail)


def _trouble(error, cause):
    # smtplib tells of a time-out as of a lost connection.
    slow = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return Outcome.retry(SLOW if slow else cause, str(error))


def _words(reply):
    return clean_line(reply.decode("utf8", "replace") if isinstance(reply, bytes) else str(reply))


CHANNEL = Channel(
    code=EMAIL,
    title=_("E-mail"),
    configured=is_configured,
    addresses=addresses,
    deliver=deliver,
    explain=lambda cause: CAUSES.get(cause, ""),
    daily=lambda portal: portal.settings["portal.smtp_daily"],
)
