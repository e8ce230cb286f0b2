"""``facelab page`` in a process of its own, and what asks it without a browser."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.children import ROOT

SAMPLES = ROOT / "samples"


@dataclass
class Answer:
    status: int
    body: bytes
    headers: object

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


class Served:
    """A running page; its temporary folder lies in `folder`."""

    def __init__(self, folder, port=0):
        self.folder = Path(folder)
        self.turn = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "facelab", "page", "--no-browser", "--port", str(port)],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PYTHONPATH": str(ROOT), "TMPDIR": str(self.folder), "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        self.process.stdout.close()
        self.process.stderr.close()

    def end(self, how):
        """Exit code, and what else it said."""
        self.process.send_signal(how)
        code = self.process.wait(30)
        return code, self.process.stdout.read() + self.process.stderr.read()

    @property
    def origin(self):
        return self.address.split("/", 3)[0] + "//" + self.address.split("/", 3)[2]

    def ask(self, method, path, data=None, headers=None, address=None):
        self.turn += 1
        told = {"X-Tab": "test", "X-Turn": str(self.turn), "Origin": self.origin}
        if isinstance(data, dict):
            data = json.dumps(data).encode()
            told["Content-Type"] = "application/json"
        told = {key: one for key, one in {**told, **(headers or {})}.items() if one is not None}
        request = urllib.request.Request(
            (address or self.address) + path, data, told, method=method
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return Answer(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(), error.headers)

    def upload(self, file):
        data = Path(file).read_bytes()
        return self.ask("PUT", f"photographs?name={Path(file).name}", data)

    def open(self, name):
        answer = self.upload(SAMPLES / name)
        assert answer.status == 200, answer.body
        return answer.json


def edits(photograph, *steps, faces="all"):
    """What the page asks for to do steps, (name, values), to a photograph."""
    bodies = [{"name": name, "values": values} for name, values in steps]
    return {"photograph": photograph["id"], "passes": [{"faces": faces, "steps": bodies}]}


def swap(target, source, face=0):
    step = {"name": "swap", "values": {"source": "person"}}
    people = [{"photograph": source["id"], "face": face}]
    return {
        "photograph": target["id"],
        "passes": [{"faces": 0, "steps": [step]}],
        "inputs": {"person": {"people": people}},
    }
