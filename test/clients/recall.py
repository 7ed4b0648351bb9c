#!/usr/bin/env python3
"""Plays conversations through a server and measures how many answers long-term memory finds again.

    recall.py [FILES…] [--pool] [--split dev|held] [--misses] [--model FOLDER] [SERVER FLAGS]

Each file is a dialogue as `test/data/conversations/README.md` describes; without files, all of that folder are played.
Every turn is one event (`Name: text`, one speaker USER, the other ASSISTANT) of the dialogue's own actor; a semantic
strategy files facts under `/facts/{actorId}/`. When extraction is done, each question is a RetrieveMemoryRecords. With
`--pool` all dialogues belong to one actor, so that each question is asked of everything that was said. With `--model`
(see `make model`) a local transformer takes the place of the table in the binary.

A record counts for a turn when it holds at least 60 % of the turn's content words: no stop words, no speakers' names,
endings cut off. Recall is the share of a question's evidence that is found, averaged over the questions."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from long_term import SEMANTIC, make_memory, settled
from support import BINARY, ROOT, Keys, Server

CONVERSATIONS = ROOT / "test" / "data" / "conversations"
SHARE_OF_WORDS = 0.6
WORDS_BUDGET = 500
DEPTHS = (5, 10, 20)
RETRIEVED_MAX = 100
SECONDS_BETWEEN_TURNS = 20
EXTRACTION_TIMEOUT_S = 180
POOL = "everybody"

STOP_WORDS = frozenset(
    """a an the is are was were be been being am do does did doing have has had having of to in on at by for with about
    from and or but if then than that this these those it its as so i you he she we they me him her us them my your his
    their our what which who whom when where why how will would can could should might must shall not no t s m re ve ll
    d there here just too also very really oh well yes
    le la les un une des du de et ou que qui est je tu il elle nous vous ne pas en dans pour sur ce se c l n qu j
    der die das den dem ein eine einen einem und oder aber ich du er sie es wir ihr ist sind war nicht mit auf zu im
    el los las una unos y o que es yo se me mi no lo con por para su al ha he""".split()
)
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]+|[^\W_]+")
_ENDINGS = ("ingly", "edly", "ing", "ies", "ied", "ed", "es", "ly", "s", "e", "y")


def fold(text: str) -> str:
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", plain)


def stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def tokens(text: str) -> Iterator[str]:
    """Words, and pairs of characters where words are not set apart."""
    for word in _WORD.findall(fold(text)):
        if word[0] >= "぀":
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield word


def content_words(text: str, names: set[str]) -> set[str]:
    return {stem(word) for word in tokens(text) if word not in STOP_WORDS and word not in names}


def word_count(text: str) -> int:
    return max(1, sum(1 for _ in tokens(text)))


@dataclass
class Dialogue:
    """One file; `turns` by number."""

    id: str
    split: str
    speakers: dict[str, str]
    sessions: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    turns: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> "Dialogue":
        raw = json.loads(file.read_text(encoding="utf-8"))
        turns = {turn["turn"]: turn["text"] for session in raw["sessions"] for turn in session["turns"]}
        split = raw.get("split", "held")
        return cls(raw["id"], split, raw["speakers"], raw["sessions"], raw["questions"], turns)

    def names(self) -> set[str]:
        return {word for name in self.speakers.values() for word in tokens(name)}

    def events(self) -> Iterator[dict[str, Any]]:
        """What CreateEvent takes, but for the memory and the actor."""
        roles = {name: role for role, name in self.speakers.items()}
        for number, session in enumerate(self.sessions, 1):
            start = datetime.fromisoformat(session["date"].replace("Z", "+00:00"))
            for at, turn in enumerate(session["turns"]):
                text = f"{turn['speaker']}: {turn['text']}"
                said = {"content": {"text": text}, "role": roles[turn["speaker"]]}
                yield {
                    "sessionId": f"{self.id}-{number}",
                    "eventTimestamp": start + timedelta(seconds=at * SECONDS_BETWEEN_TURNS),
                    "payload": [{"conversational": said}],
                }


@dataclass
class Recall:
    """Sums over questions; `of` gives averages."""

    questions: int = 0
    at: dict[int, float] = field(default_factory=lambda: dict.fromkeys(DEPTHS, 0.0))
    in_words: float = 0.0
    reciprocal: float = 0.0
    best: list[float] = field(default_factory=list)  # of each question that was answered, the best relevant score
    others: list[float] = field(default_factory=list)  # of each question, the middle one of all other records' scores

    def add(self, other: "Recall") -> None:
        self.questions += other.questions
        self.in_words += other.in_words
        self.reciprocal += other.reciprocal
        self.best += other.best
        self.others += other.others
        for depth in DEPTHS:
            self.at[depth] += other.at[depth]

    def of(self, depth: int) -> float:
        return self.at[depth] / max(1, self.questions)

    def of_words(self) -> float:
        return self.in_words / max(1, self.questions)

    def line(self, name: str) -> str:
        depths = "".join(f"{100 * self.of(depth):9.1f}" for depth in DEPTHS)
        mean_reciprocal = self.reciprocal / max(1, self.questions)
        return f"{name:22}{self.questions:6}{depths}{100 * self.of_words():9.1f}{mean_reciprocal:7.2f}"


HEADING = f"{'':22}{'asked':>6}{'@5':>9}{'@10':>9}{'@20':>9}{f'{WORDS_BUDGET} w.':>9}{'MRR':>7}"


def ranks(records: list[str], evidence: list[set[str]], names: set[str]) -> list[int | None]:
    """For each turn of the evidence, the place (from 0) of the first record that holds it."""
    held = [content_words(record, names) for record in records]
    found: list[int | None] = []
    for words in evidence:
        needed = SHARE_OF_WORDS * len(words)
        found.append(next((at for at, has in enumerate(held) if words and len(words & has) >= needed), None))
    return found


def within_budget(records: list[str]) -> int:
    """How many of the records fit the budget of words."""
    spent = 0
    for at, record in enumerate(records):
        spent += word_count(record)
        if spent > WORDS_BUDGET:
            return at
    return len(records)


def judge(scored: list[tuple[str, float]], dialogue: Dialogue, question: dict[str, Any]) -> Recall:
    records = [text for text, _ in scored]
    names = dialogue.names()
    evidence = [content_words(dialogue.turns[turn], names) for turn in question["evidence"]]
    places = ranks(records, evidence, names)
    budget = within_budget(records)

    def share(limit: int) -> float:
        return sum(place is not None and place < limit for place in places) / len(places)

    first = min((place for place in places if place is not None), default=None)
    best = [] if first is None else [scored[first][1]]
    others = [score for at, (_, score) in enumerate(scored) if at not in places]
    middle = [median(others)] if others else []
    reciprocal = 0.0 if first is None else 1 / (first + 1)
    return Recall(1, {d: share(d) for d in DEPTHS}, share(budget), reciprocal, best, middle)


class Player:
    """One memory of one account, and the dialogues that were played into it."""

    def __init__(self, server: Server, keys: Keys, pool: bool = False):
        self.data = server.client("bedrock-agentcore", keys)
        self.pool = pool
        self.memory = make_memory(server.client("bedrock-agentcore-control", keys), SEMANTIC)["id"]

    def actor(self, dialogue: Dialogue) -> str:
        return POOL if self.pool else dialogue.id

    def play(self, dialogue: Dialogue) -> None:
        for event in dialogue.events():
            self.data.create_event(memoryId=self.memory, actorId=self.actor(dialogue), **event)

    def play_all(self, dialogues: list[Dialogue]) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.play, dialogues))
        assert settled(self.data, self.memory, EXTRACTION_TIMEOUT_S)

    def records(self, dialogue: Dialogue, question: str) -> list[tuple[str, float]]:
        answer = self.data.retrieve_memory_records(
            memoryId=self.memory,
            namespace=f"/facts/{self.actor(dialogue)}/",
            maxResults=RETRIEVED_MAX,
            searchCriteria={"searchQuery": question, "topK": RETRIEVED_MAX},
        )
        return [(record["content"]["text"], record["score"]) for record in answer["memoryRecordSummaries"]]

    def measure(self, dialogue: Dialogue, misses: bool = False) -> Iterator[tuple[dict[str, Any], Recall]]:
        for question in dialogue.questions:
            records = self.records(dialogue, question["question"])
            one = judge(records, dialogue, question)
            if misses and one.at[10] < 1:
                show_miss(dialogue, question, [text for text, _ in records])
            yield question, one


def show_miss(dialogue: Dialogue, question: dict[str, Any], records: list[str]) -> None:
    print(f"\n{dialogue.id} [{question['kind']}] {question['question']}")
    for turn in question["evidence"]:
        print(f"   wanted  {turn}: {dialogue.turns[turn]}")
    for at, record in enumerate(records[:5], 1):
        print(f"   {at:6}  {record[:200]}")


def measure_all(player: Player, dialogues: list[Dialogue], misses: bool = False) -> dict[str, Recall]:
    """By dialogue, by kind and wording of the questions, and under `dev`, `held` and `all` what these come to."""
    found: dict[str, Recall] = {}
    sorts: dict[str, Recall] = {}
    totals: dict[str, Recall] = {}
    for dialogue in dialogues:
        mine = found.setdefault(dialogue.id, Recall())
        for question, one in player.measure(dialogue, misses and dialogue.split != "held"):
            mine.add(one)
            for sort in (question.get("kind"), question.get("wording")):
                if sort:
                    sorts.setdefault(f"({sort})", Recall()).add(one)
            for total in (dialogue.split, "all"):
                totals.setdefault(total, Recall()).add(one)
    return found | dict(sorted(sorts.items())) | dict(sorted(totals.items(), reverse=True))


def report(found: dict[str, Recall]) -> str:
    return "\n".join([HEADING, *(recall.line(name) for name, recall in found.items())])


def run(server: Server, dialogues: list[Dialogue], pool: bool = False, misses: bool = False) -> dict[str, Recall]:
    player = Player(server, server.new_account(), pool)
    player.play_all(dialogues)
    return measure_all(player, dialogues, misses)


def all_dialogues() -> list[Dialogue]:
    return [Dialogue.read(file) for file in sorted(CONVERSATIONS.glob("*.json"))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--pool", action="store_true", help="one actor for all dialogues")
    parser.add_argument("--split", choices=("dev", "held"), help="only these")
    parser.add_argument("--misses", action="store_true", help="show what was not found (never for held dialogues)")
    parser.add_argument("--model", help="what `warifu model install` takes: a local transformer")
    arguments, flags = parser.parse_known_args()
    dialogues = [Dialogue.read(file) for file in arguments.files] or all_dialogues()
    dialogues = [dialogue for dialogue in dialogues if arguments.split in (None, dialogue.split)]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if arguments.model:
            install = [str(BINARY), "model", "install", arguments.model, "--data", str(data)]
            subprocess.run(install, check=True, stdout=sys.stderr)
        server = Server(data, *(flag for flag in flags if flag != "--")).start()
        try:
            print(report(run(server, dialogues, arguments.pool, arguments.misses)))
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
