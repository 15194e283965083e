"""A small keep-alive HTTP client: as little work as possible, because it shares the cores with the server it measures."""

import re
import socket
import threading
import time
import urllib.parse


class Client:
    """One connection with its cookies. ``address`` is ``(host, port)``."""

    def __init__(self, address, cookies=None):
        self.address = address
        self.cookies = dict(cookies or {})
        self.socket = None

    def connect(self):
        """Open the connection if it is not open."""
        if self.socket is None:
            self.socket = socket.create_connection(self.address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        """Close the connection."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def get(self, path):
        """GET ``path``; returns ``(status, headers, body)``."""
        return self.send(self.request("GET", path))

    def post(self, path, fields):
        """POST ``fields`` (dict or list of pairs) as a form; returns ``(status, headers, body)``."""
        body = urllib.parse.urlencode(fields)
        return self.send(self.request("POST", path, body))

    def request(self, method, path, body=""):
        """The bytes of a request, so that a loop can send the same ones again."""
        cookies = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.address[0]}:{self.address[1]}", "Accept: text/html"]
        if cookies:
            lines.append(f"Cookie: {cookies}")
        data = body.encode()
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(data)}"]
        return "\r\n".join([*lines, "", ""]).encode() + data

    def send(self, raw):
        """Send the bytes of a request and read one response; the connection stays open when the server lets it."""
        self.connect()
        self.socket.sendall(raw)
        buffer = b""
        while b"\r\n\r\n" not in buffer:
            part = self.socket.recv(65536)
            if not part:
                self.close()
                raise ConnectionError("the server closed the connection")
            buffer += part
        head, _sep, body = buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        lower = {k.lower(): v for k, v in headers}
        body = self._body(lower, body)
        for name, value in headers:
            if name.lower() == "set-cookie":
                key, _eq, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        if lower.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split()[1]), lower, body

    def _body(self, headers, body):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while not body.endswith(b"0\r\n\r\n"):
                body += self.socket.recv(65536)
            return _unchunk(body)
        length = int(headers.get("content-length", 0))
        while len(body) < length:
            body += self.socket.recv(262144)
        return body

    def log_in(self, username, password):
        """Log in through the login page; AssertionError when it does not work."""
        token = csrf_token(self.get("/login")[2])
        status, headers, _body = self.post("/login", {"csrf_token": token, "username": username, "password": password})
        assert status == 303, f"login answered {status}"
        return self


def _unchunk(body):
    out, rest = b"", body
    while True:
        size, _sep, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return out
        out, rest = out + rest[:length], rest[length + 2 :]


def csrf_token(body):
    """The form token in a page."""
    return re.search(rb'name="csrf_token" value="([^"]+)"', body).group(1).decode()


def throughput(address, path, cookies, seconds, connections=2):
    """Requests a second for GET ``path`` over ``connections`` connections during ``seconds``. All must be 200."""
    stop = time.perf_counter() + seconds
    counts = [0] * connections

    def loop(index):
        client = Client(address, cookies)
        raw = client.request("GET", path)
        while time.perf_counter() < stop:
            status, _headers, _body = client.send(raw)
            assert status == 200, f"{path} answered {status}"
            counts[index] += 1
        client.close()

    threads = [threading.Thread(target=loop, args=(i,)) for i in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begun)
