"""A mail server in a process of its own: ``python tests/mailserver.py FOLDER [--auth] [--tls] [--delay SECONDS]``.

It prints its port and writes every message that it took into FOLDER as ``NUMBER.eml``. What it answers depends on the recipient's
name: ``busy`` 451, ``nobody`` 550, ``spam`` 554 to the text, ``silent`` no answer to the text though it was taken, ``gone`` a
closed line. With ``--auth`` it wants the login ``portal`` with the password ``right``; with ``--tls`` it offers STARTTLS with the
certificate ``FOLDER/server.pem``. ``--sender-refused`` answers 553 to MAIL.
"""

import argparse
import asyncio
import itertools
import ssl
import subprocess
import sys
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path


@contextmanager
def mail_server(folder, *options):
    """A running server; yields its port."""
    command = [sys.executable, __file__, str(folder), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def received(folder):
    """The messages that the server took, in the order in which they came."""
    files = sorted(Path(folder).glob("*.eml"), key=lambda path: int(path.stem))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]


def wanted_login(server, session, envelope, mechanism, data):
    """Is it the right login?"""
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=(data.login, data.password) == (b"portal", b"right"), handled=False)


class Handler:
    """See the module."""

    def __init__(self, options):
        self.options, self.numbers = options, itertools.count(1)

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        """The sender."""
        if self.options.sender_refused:
            return "553 5.1.8 sender not allowed"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        """The recipient."""
        name = address.partition("@")[0]
        refusals = {"busy": "451 4.7.1 greylisted, come again", "nobody": "550 5.1.1 no such user"}
        if name in refusals:
            return refusals[name]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        """The text."""
        name = envelope.rcpt_tos[0].partition("@")[0]
        if name == "spam":
            return "554 5.7.1 looks like spam"
        if name == "gone":
            server.transport.abort()
            return "250 never seen"
        await asyncio.sleep(self.options.delay)
        target = Path(self.options.folder) / f"{next(self.numbers)}.eml"
        target.with_suffix(".part").write_bytes(envelope.content)
        target.with_suffix(".part").rename(target)
        if name == "silent":
            await asyncio.sleep(60)
        return f"250 taken as {target.stem}"


async def serve(options):
    """Serve until killed."""
    from aiosmtpd.smtp import SMTP

    more = {}
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(options.folder) / "server.pem")
        more |= {"tls_context": context, "require_starttls": True}
    if options.auth:
        more |= {"authenticator": wanted_login, "auth_required": True, "auth_require_tls": False}
    handler, loop = Handler(options), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="mail.test", loop=loop, **more), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    for flag in ("--auth", "--tls", "--sender-refused"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--delay", type=float, default=0.0)
    asyncio.run(serve(parser.parse_args()))
