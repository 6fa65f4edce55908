//! A ceremony at a terminal: what is echoed and what is not, what Ctrl-C leaves, and that a crash leaves no core.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags, open},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};
use serde_json::Value;

/// What a machine of tests cannot keep; it is on record.
const NETWORK: &str = "--allow-network";
const MEMORY: &str = "--allow-unlocked-memory";
/// How long a program may think before it asks again.
const PATIENCE: Duration = Duration::from_secs(60);
/// The end of what clears a screen, and what was scrolled off it.
const CLEARED: &str = "\x1b[2J\x1b[3J";
/// What a person types to stop a program.
const CTRL_C: &str = "\x03";

/// A folder with a store, plans and records.
struct Office(tempfile::TempDir);

impl Office {
    fn new() -> Self {
        let office = Self(tempfile::tempdir().unwrap());
        office.run(&[
            "init",
            "pki",
            "--organization",
            "Example",
            "--url",
            "http://pki.example.org/",
            "--dns",
            "example.org",
        ]);
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the program prints; it must succeed.
    fn run(&self, arguments: &[&str]) -> String {
        let (code, out, err) = self.answer(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        out
    }

    fn answer(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        let said = command.arg("pki").args(arguments).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        let said = said.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (said.status.code(), text(said.stdout), text(said.stderr))
    }

    /// The words of a plan, as they are on paper.
    fn plan(&self, arguments: &[&str]) -> String {
        let plan = ["ceremony", "plan", "--format", "json", "--role", "administrator=Ada"];
        let json: Value = serde_json::from_str(&self.run(&[&plan, arguments].concat())).unwrap();
        json["ends"].as_str().unwrap().to_owned()
    }

    /// A plan for a root with a passphrase, in `first`.
    fn plan_of_root(&self) -> String {
        let root = ["--type", "root", "--common-name", "Example Root CA", "--custody", "passphrase", "--first"];
        self.plan(&[&root[..], &["--out", "first/plan.yaml"]].concat())
    }

    /// The events of a transcript, of as much of it as there is.
    fn events(&self, record: &str) -> Vec<String> {
        events(&self.path(record).join("transcript.jsonl"))
    }
}

fn events(transcript: &Path) -> Vec<String> {
    let text = fs::read_to_string(transcript).unwrap_or_default();
    let event = |line: &str| serde_json::from_str::<Value>(line).ok()?["event"].as_str().map(str::to_owned);
    text.lines().filter_map(event).collect()
}

/// A person at a terminal, who knows the papers.
struct Seat<'a> {
    screen: File,
    /// The program's side, to ask the terminal how it is set.
    terminal: OwnedFd,
    child: Child,
    /// All that the screen has shown.
    shown: String,
    /// How much of it was there when the last question was answered.
    answered: usize,
    /// How many questions were asked.
    questions: usize,
    /// The words of the plan.
    paper: &'a str,
    /// The passphrase, as it was written down or is known.
    passphrase: String,
}

impl<'a> Seat<'a> {
    /// Starts the program with a terminal of its own; `around` is a shell line that ends in `exec "$@"`.
    fn take(office: &Office, around: &str, arguments: &[&str], paper: &'a str) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let side = || Stdio::from(theirs.try_clone().unwrap());
        let child = Command::new("setsid")
            .args(["--ctty", "sh", "-c", around, "sh", env!("CARGO_BIN_EXE_provision"), "pki"])
            .args(arguments)
            .current_dir(office.0.path())
            .env("NO_COLOR", "1")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        let (shown, passphrase) = (String::new(), String::new());
        Self { screen: File::from(ours), terminal: theirs, child, shown, answered: 0, questions: 0, paper, passphrase }
    }

    /// Reads up to the next question; none where the program has ended.
    fn question(&mut self) -> Option<String> {
        let mut chunk = [0; 4096];
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "it neither asks nor ends: {}", self.shown);
            let last = self.shown.get(self.answered..).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
            let last = last.rsplit(CLEARED).next().unwrap_or_default();
            if is_question(last) {
                self.questions += 1;
                return Some(last.to_owned());
            }
            // Our copy of the other side is open, so that the end is not told by reading.
            if self.child.try_wait().unwrap().is_some() && !self.more() {
                return None;
            }
            if self.more() {
                let length = self.screen.read(&mut chunk).unwrap();
                self.shown.push_str(&String::from_utf8_lossy(&chunk[..length]).replace('\r', ""));
            }
        }
    }

    /// Whether there is more on the screen, within a moment.
    fn more(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut ready = [PollFd::new(&self.screen, PollFlags::IN)];
        poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 20_000_000 })).unwrap() > 0
    }

    fn types(&mut self, keys: &str) {
        self.answered = self.shown.len();
        self.screen.write_all(keys.as_bytes()).unwrap();
    }

    /// What a person who does everything right types as an answer.
    fn right(&mut self, question: &str) -> String {
        let since = self.shown.get(self.answered..).unwrap_or_default();
        if question.contains("[SIGN/no]") {
            return "SIGN".to_owned();
        }
        if question.contains("[yes/no]") {
            return "yes".to_owned();
        }
        if question.starts_with("Type the first four") {
            let lines: Vec<Vec<&str>> = since
                .lines()
                .map(|line| line.split_whitespace().collect())
                .filter(|line: &Vec<&str>| line.len() == 5 && line[0].len() == 8)
                .collect();
            return match lines.as_slice() {
                [.., first, _, _, _, _, _, _, last] => [&first[1..], &last[1..]].concat().join(" "),
                _ => self.paper.to_owned(),
            };
        }
        if question.starts_with("Written down?") {
            let shown = since.split_once(":\n\n").unwrap().1.split("\n\n").next().unwrap();
            self.passphrase = shown.trim().to_owned();
            return String::new();
        }
        if question.starts_with("New passphrase") {
            return String::new();
        }
        assert!(["The same again", "Passphrase of"].iter().any(|word| question.starts_with(word)), "{question}");
        self.passphrase.clone()
    }

    /// Answers everything right, to the end.
    fn holds(&mut self) -> ExitStatus {
        while let Some(question) = self.question() {
            let answer = self.right(&question);
            self.types(&format!("{answer}\n"));
        }
        self.child.wait().unwrap()
    }

    /// Whether what is typed is seen.
    fn echoes(&self) -> bool {
        tcgetattr(&self.terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    fn kill(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

fn is_question(line: &str) -> bool {
    let asked = ["Type the first four", "New passphrase", "The same again", "Passphrase of"];
    line.starts_with("Written down?") && line.ends_with("screen. ")
        || line.ends_with(": ") && (line.contains("/no]") || asked.iter().any(|words| line.starts_with(words)))
}

const RUN: [&str; 3] = ["ceremony", "run", "first/plan.yaml"];
const AS_IT_IS: &str = "exec \"$@\"";

#[test]
fn a_whole_ceremony_is_typed_and_a_passphrase_is_shown_once_and_never_echoed() {
    let office = Office::new();
    let paper = office.plan_of_root();
    let mut seat = Seat::take(&office, AS_IT_IS, &[&RUN[..], &[NETWORK, MEMORY]].concat(), &paper);
    let ended = seat.holds();
    assert_eq!(ended.code(), Some(0), "{}", seat.shown);
    let passphrase = seat.passphrase.clone();
    assert_eq!(passphrase.split(' ').count(), 8, "{}", seat.shown);
    assert_eq!(seat.shown.matches(&passphrase).count(), 1, "it is shown, and not echoed: {}", seat.shown);
    let (_, after) = seat.shown.split_once(&passphrase).unwrap();
    assert!(after.contains(CLEARED), "then it leaves the screen, and what can be scrolled back");
    assert!(seat.shown.contains(&paper), "what is read aloud is echoed");
    office.run(&["ceremony", "verify", "first/record"]);

    let next = ["--type", "crl", "--root", "first/record/root.pem", "--previous", "first/record"];
    let paper = office.plan(&[&next[..], &["--out", "second/plan.yaml"]].concat());
    let run = ["ceremony", "run", "second/plan.yaml", "--key", "first/record/root.key.age", NETWORK, MEMORY];
    let mut seat = Seat::take(&office, AS_IT_IS, &run, &paper);
    seat.passphrase.clone_from(&passphrase);
    let ended = seat.holds();
    assert_eq!(ended.code(), Some(0), "{}", seat.shown);
    assert!(seat.echoes());
    // A single word may be one of those that stand for the bytes of hashes; two in a row are not.
    let words: Vec<_> = passphrase.split(' ').collect();
    for two in words.windows(2) {
        assert!(!seat.shown.contains(&two.join(" ")), "nothing of it is on the screen: {}", seat.shown);
    }
    office.run(&[
        "ceremony",
        "verify",
        "second/record",
        "--root",
        "first/record/root.pem",
        "--previous",
        "first/record",
    ]);
}

#[test]
fn ctrl_c_at_any_question_signs_nothing_and_leaves_a_terminal_that_echoes() {
    let office = Office::new();
    let paper = office.plan_of_root();
    for at in 1.. {
        let out = format!("record-{at}");
        let run = [&RUN[..], &["--out", &out, NETWORK, MEMORY]].concat();
        let mut seat = Seat::take(&office, AS_IT_IS, &run, &paper);
        let mut stopped = None;
        while let Some(question) = seat.question() {
            if seat.questions == at {
                seat.types(CTRL_C);
                stopped = Some(question);
                break;
            }
            let answer = seat.right(&question);
            seat.types(&format!("{answer}\n"));
        }
        let Some(question) = stopped else {
            assert!(at > 6, "the clock, a person, the plan, a passphrase three times, the signature: {}", seat.shown);
            break;
        };
        while seat.question().is_some() {}
        let ended = seat.child.wait().unwrap();
        assert_eq!(ended.signal(), Some(Signal::INT.as_raw()), "at {question}: {}", seat.shown);
        assert!(seat.echoes(), "at {question}");
        // A new root's key is neither made nor written before everybody agreed.
        let mut left: Vec<_> =
            fs::read_dir(office.path(&out)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["transcript.jsonl"], "at {question}");
        let events = office.events(&out);
        assert_eq!(events[0], "begun");
        assert!(
            !events.iter().any(|event| ["intent", "signed", "sealed", "closed"].contains(&event.as_str())),
            "{events:?}"
        );
        let (code, _, err) = office.answer(&["ceremony", "verify", &out]);
        assert_eq!(code, Some(4), "{err}");
        assert!(err.contains("it is missing: the transcript was cut, or never closed"), "{err}");
    }
}

#[test]
fn where_memory_cannot_be_locked_a_run_is_refused_and_the_override_is_on_record() {
    let office = Office::new();
    let paper = office.plan_of_root();
    // Root may lock what it likes, unless it is without the capability.
    let unlockable =
        "ulimit -l 0; [ \"$(id -u)\" != 0 ] || set -- setpriv --bounding-set=-ipc_lock \"$@\"; exec \"$@\"";
    let mut seat = Seat::take(&office, unlockable, &[&RUN[..], &[NETWORK]].concat(), &paper);
    let ended = seat.holds();
    assert_eq!(ended.code(), Some(3), "{}", seat.shown);
    assert!(seat.shown.contains("the rule is that memory is locked; mlockall"), "{}", seat.shown);
    let refusal = office.path("first/record/refused-1.jsonl");
    assert_eq!(events(&refusal), ["begun", "checked", "refused"], "nothing was asked, and it is on record");
    assert!(!office.path("first/record/root.key.age").exists());

    let mut seat = Seat::take(&office, unlockable, &[&RUN[..], &[NETWORK, MEMORY]].concat(), &paper);
    let ended = seat.holds();
    assert_eq!(ended.code(), Some(0), "{}", seat.shown);
    let transcript = fs::read_to_string(office.path("first/record/transcript.jsonl")).unwrap();
    let overridden =
        transcript.lines().find(|line| line.contains("\"overridden\"") && line.contains("memory is locked"));
    assert!(overridden.is_some_and(|line| line.contains("mlockall")), "{transcript}");
    office.run(&["ceremony", "verify", "first/record"]);
}

/// No limit on cores, and none or one on the size of files, in blocks of 512 bytes: who writes more gets SIGXFSZ, which leaves a
/// core as any crash does.
fn crashing(blocks: Option<u64>) -> String {
    let limit = blocks.map_or("unlimited".to_owned(), |blocks| blocks.to_string());
    format!("ulimit -c unlimited; ulimit -f {limit}; exec \"$@\"")
}

fn cores(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("core")).collect()
}

#[test]
fn a_crash_with_the_key_open_leaves_no_core() {
    for (blocks, signal) in [(None, "ABRT"), (None, "SEGV"), (Some(8), "XFSZ")] {
        let folder = tempfile::tempdir().unwrap();
        let crash = format!("kill -{signal} $$");
        let mut shell = Command::new("sh");
        shell.args(["-c", &crashing(blocks), "sh", "sh", "-c", &crash]).current_dir(folder.path()).status().unwrap();
        assert_eq!(cores(folder.path()).len(), 1, "a crash leaves a core here, so that none is seen to be missing");
    }

    let office = Office::new();
    let made: Value = serde_json::from_str(&office.run(&["identity", "identity", "--format", "json"])).unwrap();
    let recipient = made["recipient"].as_str().unwrap();
    let root = ["--type", "root", "--common-name", "Example Root CA", "--custody", "recipients", "--first"];
    let paper = office.plan(&[&root[..], &["--recipient", recipient, "--out", "first/plan.yaml"]].concat());
    let run = |out| [&RUN[..], &["--identity", "identity", "--out", out, NETWORK, MEMORY]].concat();

    // With all in memory that opens the key.
    for (out, signal) in [("aborted", Signal::ABORT), ("strayed", Signal::SEGV)] {
        let mut seat = Seat::take(&office, &crashing(None), &run(out), &paper);
        loop {
            let question = seat.question().unwrap_or_else(|| panic!("{}", seat.shown));
            if question.contains("[SIGN/no]") {
                break;
            }
            let answer = seat.right(&question);
            seat.types(&format!("{answer}\n"));
        }
        let limits = fs::read_to_string(format!("/proc/{}/limits", seat.child.id())).unwrap();
        let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
        assert_eq!(limit.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{limit}");
        let ended = loop {
            // Rust's own handler of SIGSEGV, which looks for overflows of the stack, takes the first one that is sent for a stray.
            seat.kill(signal);
            seat.more();
            if let Some(ended) = seat.child.try_wait().unwrap() {
                break ended;
            }
        };
        assert_eq!((ended.signal(), ended.core_dumped()), (Some(signal.as_raw()), false), "{}", seat.shown);
    }

    // In the scope itself: the transcript has room for the announcement of a signature, and none for the line that closes.
    assert_eq!(Seat::take(&office, AS_IT_IS, &run("whole"), &paper).holds().code(), Some(0));
    let whole = fs::read_to_string(office.path("whole/transcript.jsonl")).unwrap();
    let announced = whole.find("\"intent\"").map(|at| at + whole[at..].find('\n').unwrap()).unwrap();
    let mut seat = Seat::take(&office, &crashing(Some(announced as u64 / 512 + 1)), &run("cut"), &paper);
    let ended = seat.holds();
    assert_eq!(ended.signal(), Some(Signal::XFSZ.as_raw()), "{}", seat.shown);
    let events = office.events("cut");
    assert!(events.iter().any(|event| event == "intent"), "{events:?}");
    assert!(!events.iter().any(|event| event == "closed"), "{events:?}");

    assert_eq!(cores(office.0.path()), [""; 0]);
}
