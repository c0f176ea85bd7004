"""Kills a server under load, again and again: every acknowledged entry is there, and the ledger verifies.

Usage: kill.py PROGRAM [--rounds N] [--clients N] [--seconds S]. Standard library only. Ends with `N passed, N failed`.
"""

import argparse
import csv
import datetime
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

PASSWORD = "quarter hour demo"
OWNER = "olivia@northgate.example"
CODES = ["alder", "birch", "cedar", "dogwood", "fir", "hazel", "koa", "maple", "quince", "teak", "willow", "yew"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server on a demo's database, which can be killed and started again."""

    def __init__(self, program, folder):
        self.program = program
        self.db = os.path.join(folder, "demo", "demo.db")
        self.port = free_port()
        self.process = None

    def start(self):
        listen = ["--listen", f"127.0.0.1:{self.port}", "--requests-a-minute", "0"]
        self.process = subprocess.Popen([self.program, "--quiet", "--db", self.db, "serve", *listen, "--log", "error"])
        for _ in range(400):
            try:
                if self.ask("GET", "/ready")[0] == 200:
                    return
            except OSError:
                time.sleep(0.025)
        raise RuntimeError("the server did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, body=None, headers=None, connection=None):
        link = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        link.request(method, path, body, headers or {})
        answer = link.getresponse()
        content = answer.read()
        if connection is None:
            link.close()
        return answer.status, answer.headers, content

    def sign_in(self):
        form = urllib.parse.urlencode({"email": OWNER, "password": PASSWORD})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, headers, _ = self.ask("POST", "/sign-in", form, headers)
        assert status == 303, f"signing in answers {status}"
        cookies = [value.split(";")[0] for value in headers.get_all("Set-Cookie")]
        return next(cookie for cookie in cookies if cookie.startswith("quarterhour="))

    def run(self, *words):
        return subprocess.run([self.program, "--quiet", "--db", self.db, *words], capture_output=True, text=True)


def log_time(server, cookie, stop, seen, seed):
    """Logs entries until it is told to stop or the server is gone; keeps the ids that were acknowledged."""
    chance = random.Random(seed)
    headers = {"Cookie": cookie, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    while not stop.is_set():
        began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=chance.randrange(40, 300))
        entry = {
            "client": chance.choice(CODES),
            "ticket": f"LOAD-{seed}",
            "started_at": began.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "minutes": chance.randrange(1, 40),
            "note": "logged under load",
        }
        try:
            status, _, body = server.ask("POST", "/api/v1/time-entries", json.dumps(entry), headers, connection)
        except (OSError, http.client.HTTPException):
            return
        if status == 201:
            seen.append(json.loads(body)["id"])
        elif status not in (409, 503):
            raise RuntimeError(f"an entry was answered with {status}: {body[:300]}")


def round_of_load(server, clients, seconds, issue):
    cookie = server.sign_in()
    stop, seen = threading.Event(), []
    threads = [threading.Thread(target=log_time, args=(server, cookie, stop, seen, number)) for number in range(clients)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    time.sleep(seconds / 2)
    running = None
    if issue:
        month = datetime.date.today().strftime("%Y-%m")
        running = subprocess.Popen(
            [server.program, "--quiet", "--db", server.db, "bill", month, "--issue"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    time.sleep(seconds / 2)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()
    rate = len(seen) / (time.monotonic() - begun)
    if running is not None:
        _, said = running.communicate()
        assert running.returncode == 0, said.decode()
    return seen, rate


def stored_ids(server, folder):
    out = tempfile.mkdtemp(dir=folder)
    exported = server.run("export", os.path.join(out, "books"))
    assert exported.returncode == 0, exported.stderr
    with open(os.path.join(out, "books", "time_entries.csv"), newline="", encoding="utf-8") as file:
        return {row["id"] for row in csv.DictReader(file)}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program", type=os.path.realpath)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--clients", type=int, default=16)
    arguments.add_argument("--seconds", type=float, default=3)
    wanted = arguments.parse_args()
    folder = tempfile.mkdtemp(prefix="quarterhour-endurance-")
    passed = failed = 0
    try:
        made = subprocess.run([wanted.program, "--quiet", "demo", "demo", "--no-pdf", "--no-serve"], cwd=folder, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        server, acknowledged = Server(wanted.program, folder), []
        for number in range(wanted.rounds):
            server.start()
            seen, rate = round_of_load(server, wanted.clients, wanted.seconds, issue=number == wanted.rounds - 1)
            acknowledged += seen
            lost = set(acknowledged) - stored_ids(server, folder)
            checked = server.run("doctor")
            sound = not lost and checked.returncode == 0 and len(seen) > 0 and len(set(acknowledged)) == len(acknowledged)
            passed, failed = passed + sound, failed + (not sound)
            print(f"round {number + 1}: {len(seen)} entries acknowledged, {rate:.0f} a second, {len(lost)} lost; doctor says {checked.stdout.strip().splitlines()[-1:]}")
            if not sound:
                print(checked.stdout, checked.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
