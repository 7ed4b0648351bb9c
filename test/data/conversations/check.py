#!/usr/bin/env python3
"""Checks the conversations of this folder: format, how many there are, and that each question has its evidence."""

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
KINDS = {"fact", "temporal", "preference", "change", "negation", "multi"}
WORDINGS = {"close", "free"}
SPLITS = {"dev", "held"}
MEMBERS = {"id", "split", "language", "about", "licence", "speakers", "sessions", "questions"}
DIALOGUES_MIN = 12
QUESTIONS_MIN = 250
TURNS_MIN, TURNS_MAX = 20, 80
SESSIONS_MIN = 2
WORDS_SHARED_MAX = 0.8


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def repeats(question: str, turns: list[str]) -> bool:
    """Whether the question is hardly more than words of its evidence (languages written without spaces are let off)."""
    asked = words(question)
    said = {word for turn in turns for word in words(turn)}
    return len(asked) > 3 and sum(word in said for word in asked) / len(asked) > WORDS_SHARED_MAX


def check_turns(dialogue: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The texts of all turns, and what is wrong with the sessions."""
    texts: list[str] = []
    wrong: list[str] = []
    last = None
    for session in dialogue["sessions"]:
        date = datetime.fromisoformat(session["date"].replace("Z", "+00:00"))
        if last and date <= last:
            wrong.append(f"session of {session['date']} is not after the one before it")
        last = date
        for turn in session["turns"]:
            texts.append(turn["text"])
            if turn["turn"] != len(texts):
                wrong.append(f"turn {turn['turn']} stands at place {len(texts)}")
            if turn["speaker"] not in dialogue["speakers"].values():
                wrong.append(f"turn {turn['turn']}: unknown speaker {turn['speaker']}")
            if not turn["text"].strip() or len(turn["text"]) > 4000:
                wrong.append(f"turn {turn['turn']}: empty or too long")
    return texts, wrong


def check_questions(dialogue: dict[str, Any], texts: list[str]) -> list[str]:
    wrong: list[str] = []
    seen: set[str] = set()
    for asked in dialogue["questions"]:
        question, evidence = asked["question"], asked["evidence"]
        if asked["kind"] not in KINDS:
            wrong.append(f"unknown kind {asked['kind']}")
        if asked["wording"] not in WORDINGS:
            wrong.append(f"unknown wording {asked['wording']}")
        if question in seen:
            wrong.append(f"asked twice: {question}")
        seen.add(question)
        if not evidence or evidence != sorted(set(evidence)) or len(evidence) > 3:
            wrong.append(f"evidence {evidence}: {question}")
        elif not all(1 <= turn <= len(texts) for turn in evidence):
            wrong.append(f"no such turn in {evidence}: {question}")
        elif repeats(question, [texts[turn - 1] for turn in evidence]):
            wrong.append(f"repeats its evidence: {question}")
    return wrong


def check(file: Path) -> tuple[dict[str, Any], list[str]]:
    dialogue = json.loads(file.read_text(encoding="utf-8"))
    wrong = []
    if set(dialogue) != MEMBERS:
        wrong.append(f"members {sorted(set(dialogue) ^ MEMBERS)}")
    if dialogue["id"] != file.stem:
        wrong.append(f"id {dialogue['id']}")
    if dialogue["split"] not in SPLITS:
        wrong.append(f"split {dialogue['split']}")
    if set(dialogue["speakers"]) != {"USER", "ASSISTANT"} or len(set(dialogue["speakers"].values())) != 2:
        wrong.append(f"speakers {dialogue['speakers']}")
    if len(dialogue["sessions"]) < SESSIONS_MIN:
        wrong.append("too few sessions")
    texts, found = check_turns(dialogue)
    if not TURNS_MIN <= len(texts) <= TURNS_MAX:
        wrong.append(f"{len(texts)} turns")
    return dialogue, wrong + found + check_questions(dialogue, texts)


def check_totals(dialogues: list[dict[str, Any]]) -> list[str]:
    wrong = []
    questions = [asked for dialogue in dialogues for asked in dialogue["questions"]]
    if len(dialogues) < DIALOGUES_MIN:
        wrong.append(f"{len(dialogues)} dialogues, at least {DIALOGUES_MIN} are wanted")
    if len(questions) < QUESTIONS_MIN:
        wrong.append(f"{len(questions)} questions, at least {QUESTIONS_MIN} are wanted")
    if missing := KINDS - {asked["kind"] for asked in questions}:
        wrong.append(f"no question of kind {sorted(missing)}")
    shares = [sum(dialogue["split"] == split for dialogue in dialogues) for split in sorted(SPLITS)]
    if abs(shares[0] - shares[1]) > 1:
        wrong.append(f"dev and held are not halves: {shares}")
    return wrong


def main() -> int:
    dialogues, failed = [], False
    for file in sorted(FOLDER.glob("*.json")):
        dialogue, wrong = check(file)
        dialogues.append(dialogue)
        for line in wrong:
            print(f"{file.name}: {line}")
        failed = failed or bool(wrong)
    for line in check_totals(dialogues):
        print(line)
        failed = True
    turns = sum(len(session["turns"]) for dialogue in dialogues for session in dialogue["sessions"])
    print(f"{len(dialogues)} dialogues, {turns} turns, {sum(len(d['questions']) for d in dialogues)} questions")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
