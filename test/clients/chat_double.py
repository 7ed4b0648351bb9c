"""A stand-in for an OpenAI-compatible model endpoint: no model, only rules, so that tests know what it says.

The name of the model that is asked for chooses how it behaves (`MODES`); `echo` is the well-behaved one. What it was
asked stays in `requests`. By hand: `python chat_double.py 8080`, then `warifu serve --llm-url http://127.0.0.1:8080/v1
--llm-model echo`."""

import hashlib
import itertools
import json
import math
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 64
HUGE_BYTES = 20 << 20
HANG_S = 60
MODES = ("echo", "slow", "hang", "busy", "down", "denied", "garbage", "huge", "broken", "endless")
STATUS = {"busy": 429, "down": 503, "denied": 401}


def text_of(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text", f"<{part['type']}>") for part in content)
    return content or ""


def reply(asked: dict[str, Any]) -> dict[str, Any]:
    """What a model might say: a tool call where the last turn names a tool, else an echo of the last turn."""
    messages = asked["messages"]
    last = messages[-1]
    text = text_of(last["content"])
    if last["role"] == "tool":
        return {"text": f"The tool says: {text}", "calls": [], "finish": "stop"}
    choice = asked.get("tool_choice")
    for tool in asked.get("tools", []):
        function = tool["function"]
        if choice or re.search(rf"\b{function['name']}\b", text):
            names = list(function["parameters"].get("properties", {}))
            arguments = {name: "Kyoto" for name in names}
            return {"text": "", "calls": [(function["name"], arguments)], "finish": "tool_calls"}
    words = re.findall(r"\S+\s*", f"You said: {text}")
    finish = "stop"
    for stop in asked.get("stop", []):
        kept = "".join(words).split(stop)[0]
        words = re.findall(r"\S+\s*", kept)
    if len(words) > asked.get("max_tokens", len(words)):
        words, finish = words[: asked["max_tokens"]], "length"
    return {"text": "".join(words), "calls": [], "finish": finish}


def usage_of(asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, int]:
    """Tokens as words, so that a test can count them."""
    prompt = sum(len(text_of(message["content"]).split()) for message in asked["messages"])
    completion = max(1, len(answer["text"].split()))
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def embedding(text: str) -> list[float]:
    """Words hashed into a unit vector: texts that share words lie near each other."""
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        digest = hashlib.sha256(word.encode()).digest()
        vector[digest[0] % DIMENSIONS] += 1.0 if digest[1] & 1 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ChatDouble"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.note(self.path, dict(self.headers), asked)
        try:
            if self.path.endswith("/embeddings"):
                self.embed(asked)
            elif self.path.endswith("/chat/completions"):
                self.chat(asked)
            else:
                self.send(404, {"error": {"message": f"no such path: {self.path}"}})
        except (BrokenPipeError, ConnectionResetError):
            self.server.gone.set()
            self.close_connection = True

    def chat(self, asked: dict[str, Any]) -> None:
        mode = asked["model"]
        if mode in STATUS:
            return self.send(STATUS[mode], {"error": {"message": f"this is {mode}"}})
        if mode not in MODES:
            return self.send(404, {"error": {"message": f"model `{mode}` not found"}})
        if mode == "hang":
            self.server.stopping.wait(HANG_S)
            self.close_connection = True
            return None
        if mode == "garbage":
            return self.send_bytes(200, b"<html>certainly not JSON</html>")
        if mode == "huge":
            return self.send_bytes(200, b'{"choices":"' + b"x" * HUGE_BYTES + b'"}')
        answer = reply(asked)
        if asked.get("stream"):
            return self.stream(asked, answer, mode)
        calls = [self.call(name, arguments) for name, arguments in answer["calls"]]
        message = {"role": "assistant", "content": answer["text"] or None} | ({"tool_calls": calls} if calls else {})
        return self.send(
            200,
            {
                "object": "chat.completion",
                "model": mode,
                "choices": [{"index": 0, "message": message, "finish_reason": answer["finish"]}],
                "usage": usage_of(asked, answer),
            },
        )

    def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        function = {"name": name, "arguments": json.dumps(arguments)}
        return {"id": f"call_{next(self.server.numbers)}", "type": "function", "function": function}

    def stream(self, asked: dict[str, Any], answer: dict[str, Any], mode: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.event({"role": "assistant", "content": ""})
        words = re.findall(r"\S+\s*", answer["text"])
        for word in itertools.cycle(words or ["on "]) if mode == "endless" else words:
            self.event({"content": word})
            if mode in ("slow", "endless") and self.server.stopping.wait(self.server.delay_s):
                break
            if mode == "broken":
                self.close_connection = True
                return
        for index, (name, arguments) in enumerate(answer["calls"]):
            whole = self.call(name, arguments)
            text = whole["function"]["arguments"]
            whole["function"]["arguments"] = ""
            self.event({"tool_calls": [{"index": index} | whole]})
            for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
                self.event({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        self.event({}, answer["finish"])
        if asked.get("stream_options", {}).get("include_usage"):
            self.data(json.dumps({"choices": [], "usage": usage_of(asked, answer)}))
        self.data("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, delta: dict[str, Any], finish: str | None = None) -> None:
        self.data(json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))

    def data(self, text: str) -> None:
        line = f"data: {text}\n\n".encode()
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def embed(self, asked: dict[str, Any]) -> None:
        mode = self.server.embeddings
        if mode in STATUS:
            return self.send(STATUS[mode], {"error": {"message": f"this is {mode}"}})
        if mode == "hang":
            self.server.stopping.wait(HANG_S)
            self.close_connection = True
            return None
        if mode == "garbage":
            return self.send_bytes(200, b"<html>certainly not JSON</html>")
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        vectors = [embedding(text) for text in texts]
        if mode == "few":
            vectors = vectors[1:]
        if mode == "long":
            vectors = [vector * 2 for vector in vectors]
        if mode == "words":
            vectors = [["a", None] for _ in vectors]
        data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
        return self.send(200, {"object": "list", "model": asked["model"], "data": data, "usage": {"prompt_tokens": 1}})

    def send(self, status: int, answer: dict[str, Any]) -> None:
        self.send_bytes(status, json.dumps(answer).encode())

    def send_bytes(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class ChatDouble(ThreadingHTTPServer):
    """Listens once made; `with ChatDouble() as double:` also serves, in a thread of its own."""

    daemon_threads = True

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), Handler)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.numbers = itertools.count(1)
        self.gone = threading.Event()  # a reader left before its answer was whole
        self.stopping = threading.Event()
        self.delay_s = 0.1
        self.embeddings = "echo"  # how it embeds: well, or as `embed` knows
        self._lock = threading.Lock()

    def handle_error(self, *_: Any) -> None:
        """A reader that leaves is part of the game."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*_)

    def note(self, path: str, headers: dict[str, str], asked: dict[str, Any]) -> None:
        with self._lock:
            self.requests.append(asked | {"path": path})
            self.headers.append({name.lower(): value for name, value in headers.items()})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def last(self) -> dict[str, Any]:
        """What it was asked last."""
        return self.requests[-1]

    def prompts(self) -> str:
        """Every text that it was ever shown, for assertions about what reached a prompt."""
        messages = [message for asked in self.requests for message in asked.get("messages", [])]
        return "\n".join(text_of(message["content"]) for message in messages)

    def __enter__(self) -> "ChatDouble":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    with ChatDouble(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as running:
        print(running.url, flush=True)
        while True:
            time.sleep(3600)
