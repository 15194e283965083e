"""E-mail over a real mail server: what arrives, and what each of its answers leads to."""

import datetime as dt
import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal_core.notifications import channels as ch
from portal_core.notifications import mail
from portal_core.notifications.channels import Outgoing
from portal_core.testing.fixtures import NOW
from tests import trial
from tests.mailserver import mail_server, received

_loaded_portal = trial._loaded_portal


@pytest.fixture
def server(tmp_path, portal):
    """Starts a mail server with some options and points the portal to it; the folder holds what it took."""
    with_open = []

    def start(*options, **settings):
        running = mail_server(tmp_path, *options)
        port = running.__enter__()
        with_open.append(running)
        portal.settings |= {
            "portal.smtp_host": "localhost",
            "portal.smtp_port": port,
            "portal.smtp_from": mail.parse_sender("机关后勤 <portal@example.org>"),
            "portal.smtp_timeout": 2.0,
            "portal.base_url": "https://portal.example.org",
        } | {f"portal.{name}": value for name, value in settings.items()}
        return tmp_path

    yield start
    for running in with_open:
        running.__exit__(None, None, None)


def outgoing(address="yang@example.org", **changes):
    values = {
        "key": "0123456789abcdef0123",
        "code": "trial.passed",
        "user_id": 1,
        "address": address,
        "title": "已通过：打印纸 20 箱",
        "body": "李静：同意，请到 3 号楼领取",
        "url": "https://portal.example.org/cases/WP20261124-001",
        "params": {},
        "urgent": False,
        "attempt": 1,
        "created": NOW,
    }
    return Outgoing(**values | changes)


def test_a_message_arrives_whole(server, portal):
    folder = server()
    outcome = mail.deliver(portal, outgoing())
    assert (outcome.kind, outcome.provider_id) == (ch.SENT, "taken as 1")
    (letter,) = received(folder)
    assert letter["Subject"] == "【机关后勤服务平台】已通过：打印纸 20 箱"
    assert letter["From"].addresses[0].display_name == "机关后勤" and letter["To"] == "yang@example.org"
    assert letter["Message-ID"] == "<0123456789abcdef0123@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated" and letter["Importance"] is None
    assert letter["Date"].datetime == NOW
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "李静：同意，请到 3 号楼领取" in text and "https://portal.example.org/cases/WP20261124-001" in text
    assert '<a href="https://portal.example.org/cases/WP20261124-001">' in html and "<script" not in html


def test_lines_that_begin_with_a_dot_and_markup_survive(server, portal):
    folder = server()
    mail.deliver(portal, outgoing(body=".\n.hidden <b>&</b>", urgent=True))
    (letter,) = received(folder)
    assert ".\r\n.hidden <b>&</b>" in letter.get_body(("plain",)).get_content()
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in letter.get_body(("html",)).get_content()
    assert letter["Importance"] == "high"


def test_nothing_in_a_title_becomes_a_header(server, portal):
    folder = server()
    mail.deliver(portal, outgoing(title="题目\r\nBcc: boss@example.org\n\nhello"))
    (letter,) = received(folder)
    assert letter["Bcc"] is None and "Bcc: boss@example.org hello" in letter["Subject"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "yang",
        "yang@",
        "a b@example.org",
        "yang@example.org\r\nDATA",
        "yang@example.org>",
        "<yang@example.org",
        "杨晓@example.org",
        "yang@example..org",
        ".yang@example.org",
        "yang@example.org, boss@example.org",
        "y" * 120 + "@example.org",
    ],
)
def test_what_is_no_address_is_unreachable(server, portal, address):
    server()
    outcome = mail.deliver(portal, outgoing(address))
    assert (outcome.kind, outcome.cause) == (ch.UNREACHABLE, mail.BAD_ADDRESS)


@pytest.mark.parametrize(
    ("name", "kind", "cause", "arrived"),
    [
        ("busy", ch.RETRY, mail.BUSY, 0),
        ("nobody", ch.UNREACHABLE, mail.RECIPIENT, 0),
        ("spam", ch.PERMANENT, mail.TEXT, 0),
        ("silent", ch.UNKNOWN, mail.NO_REPLY, 1),
        ("gone", ch.UNKNOWN, mail.NO_REPLY, 0),
    ],
)
def test_answers_of_the_server(server, portal, name, kind, cause, arrived):
    folder = server()
    outcome = mail.deliver(portal, outgoing(f"{name}@example.org"))
    assert (outcome.kind, outcome.cause) == (kind, cause)
    assert len(received(folder)) == arrived


def test_a_refused_sender_pauses_the_channel(server, portal):
    server("--sender-refused")
    outcome = mail.deliver(portal, outgoing())
    assert (outcome.kind, outcome.cause) == (ch.PAUSE, mail.SENDER)
    assert outcome.detail == "553 5.1.8 sender not allowed"


def test_login(server, portal):
    folder = server("--auth", smtp_user="portal", smtp_password="right")
    assert mail.deliver(portal, outgoing()).kind == ch.SENT
    portal.settings["portal.smtp_password"] = "wrong"
    outcome = mail.deliver(portal, outgoing())
    assert (outcome.kind, outcome.cause) == (ch.PAUSE, mail.LOGIN) and "wrong" not in outcome.detail
    assert len(received(folder)) == 1


def test_a_login_that_the_server_does_not_know(server, portal):
    server(smtp_user="portal", smtp_password="right")
    assert mail.deliver(portal, outgoing()).cause == mail.LOGIN


def test_starttls_with_a_certificate_that_is_trusted(server, portal, tmp_path, monkeypatch):
    certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    folder = server("--tls", smtp_security="starttls")
    assert mail.deliver(portal, outgoing()).kind == ch.SENT
    assert len(received(folder)) == 1


def test_starttls_with_any_other_certificate_sends_nothing(server, portal, tmp_path):
    certificate(tmp_path)
    folder = server("--tls", smtp_security="starttls")
    outcome = mail.deliver(portal, outgoing())
    assert (outcome.kind, outcome.cause) == (ch.PAUSE, mail.CERTIFICATE)
    assert received(folder) == []


def test_starttls_that_is_not_offered_sends_nothing(server, portal):
    folder = server(smtp_security="starttls")
    outcome = mail.deliver(portal, outgoing())
    assert (outcome.kind, outcome.cause) == (ch.PAUSE, mail.CERTIFICATE)
    assert received(folder) == []


def test_nobody_listens(server, portal):
    server()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        portal.settings["portal.smtp_port"] = free.getsockname()[1]
    outcome = mail.deliver(portal, outgoing())
    assert (outcome.kind, outcome.cause) == (ch.RETRY, mail.REFUSED)


def test_a_server_that_never_greets_is_given_up(server, portal):
    server(smtp_timeout=0.3)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        portal.settings["portal.smtp_port"] = mute.getsockname()[1]
        outcome = mail.deliver(portal, outgoing())
    assert (outcome.kind, outcome.cause) == (ch.RETRY, mail.SLOW)


def test_every_cause_is_explained(portal):
    for cause in (*mail.CAUSES, *ch.CAUSES):
        assert str(ch.explained(portal, "email", cause)) != cause


@pytest.mark.parametrize("text", ["portal", "portal@", "a@b c", "Name <a@b", "<a@b>, <c@d>"])
def test_a_sender_that_is_no_address_stops_the_start(text):
    with pytest.raises(ValueError, match="no e-mail address"):
        mail.parse_sender(text)


def certificate(folder):
    """A certificate for ``localhost`` with its key, signed by itself, as ``server.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
