#!/usr/bin/env python3
"""ceremony.py: the root's ceremonies of the test fleet, from plan to verified record, with people who answer what is right.

  ceremony.py root                the root, in shares on paper, any two of three; its first list
  ceremony.py intermediate NAME   sign the request that waits, and install the certificate
  ceremony.py crl [FILE]          the root's next list, with the intermediates that were revoked; it is installed, or put in FILE

The store is $PLATFORM_STATE/pki, made for rehearsals; plans, records and the papers of the custodians stand in
$PLATFORM_STATE/ceremonies (a folder each, by number). PLATFORM_CLOCK is taken as the time. What is asked and what is refused is
docs/ceremony.md; this machine has a network, and that is on record.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

STATE = pathlib.Path(os.environ.get("PLATFORM_STATE", "/var/tmp/provision-platform"))
PROVISION = os.environ.get("PROVISION", str(pathlib.Path(__file__).resolve().parents[2] / "provision"))
CEREMONIES = STATE / "ceremonies"
ROOT_NAME = "Fleet Rehearsal Root CA"
ALONE = ("--allow-network", "--allow-unlocked-memory")


def clock():
    return ("--clock", os.environ["PLATFORM_CLOCK"]) if os.environ.get("PLATFORM_CLOCK") else ()


def provision(*arguments):
    """`provision pki ...`; what it prints."""
    command = [PROVISION, "pki", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class People:
    """Who sits at the table: they have the plan's words on paper, and write down the shares that they are shown."""

    def __init__(self, words, shares):
        self.words, self.shares = words, shares
        self._to_type = list(shares[:2])

    def answer(self, question, since):
        """What they type; `since` is what the screen showed since they typed last."""
        if "[SIGN/no]" in question:
            return "SIGN"
        if "[yes/no]" in question:
            return "yes"
        if question.startswith("Type the first four"):
            lines = re.findall(r"^ +[0-9a-f]{8}((?: +\S+){4})$", since, re.MULTILINE)
            if len(lines) >= 8 and "not shown here" not in since:
                return " ".join((lines[-8] + lines[-1]).split())
            return self.words
        if question.startswith("Written down?"):
            shown = since.split(":\n\n", 1)[1].split("\n\n")[0]
            self.shares.append(" ".join(word for word in shown.split() if not word.isdigit()))
            return ""
        if question.startswith("Words "):
            words = self.shares[-1].split()
            return " ".join(words[int(place) - 1] for place in re.findall(r"\d+", question.split(" of share")[0]))
        if "share" in question.lower():
            return self._to_type.pop(0)
        raise AssertionError(f"nobody knows what to answer: {question!r}, after {since[-400:]!r}")

    def sit_at(self, *arguments):
        """Runs a verb of the program and answers all that it asks; all that was on the screen."""
        command = [PROVISION, "pki", *map(str, arguments)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shown, answered = "", 0
        # Each question is one write, so it comes as a whole.
        while chunk := os.read(child.stderr.fileno(), 65536):
            shown += chunk.decode()
            question = shown.rsplit("\n", 1)[-1]
            if not question:
                continue
            typed = self.answer(question, shown[answered:])
            shown += "\n"
            answered = len(shown)
            try:
                child.stdin.write(typed.encode() + b"\n")
                child.stdin.flush()
            except BrokenPipeError:
                break
        printed, _ = child.communicate()
        if child.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}\n{shown}{printed.decode()}")
        return shown


def records():
    """The records of the ceremonies so far, the first one first."""
    return sorted((path.parent for path in CEREMONIES.glob("*/record/transcript.jsonl")), key=lambda path: int(path.parent.name))


def hold(*task):
    """One ceremony: planned, run, and its record verified; the record."""
    before = records()
    folder = CEREMONIES / str(len(before) + 1)
    folder.mkdir(mode=0o700, parents=True)
    papers = CEREMONIES / "papers.json"
    shares = json.loads(papers.read_text()) if papers.exists() else []
    previous = ("--previous", before[-1]) if before else ("--first",)
    plan = provision("ceremony", "plan", *task, *previous, "--store", STATE / "pki", *clock(), "--format", "json", "--role",
                     "administrator=Ada", "--role", "custodian=Grace", "--out", folder / "plan.yaml")
    people = People(json.loads(plan)["ends"], shares)
    key = ("--key", before[0] / "root.key.age") if before else ()
    people.sit_at("ceremony", "run", folder / "plan.yaml", *key, *clock(), *ALONE)
    if not before:
        papers.touch(mode=0o600)
        papers.write_text(json.dumps(people.shares))
    known = ("--root", before[0] / "root.pem", "--previous", before[-1]) if before else ()
    provision("ceremony", "verify", folder / "record", *known)
    return folder / "record"


def root():
    """The root and its first list; nothing trusts it before an intermediate brings it along."""
    return hold("--type", "root", "--common-name", ROOT_NAME, "--custody", "shares", "--threshold", "2", "--shares", "3")


def intermediate(name):
    """The certificate for a request that waits in the store. The first one brings its root and the root's list."""
    first = records()[0]
    trusted = json.loads(provision("intermediate", "list", "--store", STATE / "pki", *clock(), "--format", "json"))["intermediates"]
    signed = hold("--type", "intermediate", "--intermediate", name, "--root", first / "root.pem")
    at = ("--store", STATE / "pki", *clock())
    if any(one["state"] != "pending" for one in trusted):
        provision("intermediate", "install", signed / "intermediate.pem", *at)
    else:
        provision("intermediate", "install", signed / "intermediate.pem", *at, "--root", first / "root.pem")
        provision("crl", "install", first / "root.crl.pem", *at)


def crl(file=None):
    """The root's next list: in force, or in a file for whoever puts it in force."""
    signed = hold("--type", "crl")
    if file is not None:
        shutil.copy(signed / "root.crl.pem", file)
        return
    provision("crl", "install", signed / "root.crl.pem", "--store", STATE / "pki", *clock())


def main():
    verbs = {"root": root, "intermediate": intermediate, "crl": crl}
    if len(sys.argv) < 2 or sys.argv[1] not in verbs:
        raise SystemExit(__doc__)
    verbs[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
