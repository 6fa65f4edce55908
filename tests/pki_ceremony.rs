//! The offline root as its operators meet it: plan, run, verify and custody, with their exit codes. The people of the room
//! are played through pipes.

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

/// What the program answered.
#[derive(Debug)]
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    #[track_caller]
    fn says(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "{word:?} is not said: {self:#?}");
        }
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A machine with a store, and what its people know.
struct Office {
    folder: tempfile::TempDir,
    /// The words of the plan on paper.
    paper: String,
    /// Shares and passphrases on paper, as they were shown.
    papers: Vec<String>,
}

impl Office {
    /// A store for production, without any authority.
    fn new() -> Self {
        let office = Self { folder: tempfile::tempdir().unwrap(), paper: String::new(), papers: Vec::new() };
        let store =
            ["init", "pki", "--organization", "Example", "--url", "http://pki.example.org/", "--dns", "example.org"];
        office.run(&store).says(0, &[]);
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        command.arg("pki").args(arguments).current_dir(self.folder.path()).env_clear();
        command
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        let said = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: said.status.code().unwrap(), out: text(said.stdout), err: text(said.stderr) }
    }

    /// Plans, and writes the words on paper.
    fn plan(&mut self, more: &[&str]) -> Value {
        let plan = ["ceremony", "plan", "--format", "json", "--role", "administrator=Ada"];
        let json = self.run(&[&plan, more].concat()).says(0, &[]).json();
        self.paper = json["ends"].as_str().unwrap().to_owned();
        json
    }

    /// Runs a verb with people who answer what is right, and type those secrets.
    fn meet(&mut self, arguments: &[&str], secrets: &[&str]) -> Answer {
        let mut secrets = secrets.iter();
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdin, mut stderr) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
        let (mut said, mut chunk) = (String::new(), vec![0; 1 << 16]);
        let mut answered = 0;
        loop {
            // Each question is one write, so it comes as a whole.
            let length = stderr.read(&mut chunk).unwrap();
            if length == 0 {
                break;
            }
            said.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
            let question = said.rsplit('\n').next().unwrap_or_default();
            if question.is_empty() {
                continue;
            }
            let since = said[answered..].to_owned();
            let answer = self.answer(question, &since, &mut secrets);
            said.push_str(if question.contains("words") && !since.contains("Share") { &answer } else { "***" });
            said.push('\n');
            answered = said.len();
            // Where the program has ended already, its exit code tells.
            let _ = writeln!(stdin, "{answer}");
        }
        drop(stdin);
        let mut out = String::new();
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        Answer { code: child.wait().unwrap().code().unwrap(), out, err: said }
    }

    fn answer<'a>(&mut self, question: &str, since: &str, secrets: &mut impl Iterator<Item = &'a &'a str>) -> String {
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
                [.., first, _, _, _, _, _, _, last] if !since.contains("not shown here") => {
                    [&first[1..], &last[1..]].concat().join(" ")
                }
                _ => self.paper.clone(),
            };
        }
        if question.starts_with("Written down?") {
            let shown = since.split_once(":\n\n").unwrap().1.split("\n\n").next().unwrap();
            let words = shown.split_whitespace().filter(|word| !word.chars().all(|letter| letter.is_ascii_digit()));
            self.papers.push(words.collect::<Vec<_>>().join(" "));
            return String::new();
        }
        if question.starts_with("New passphrase") {
            return String::new();
        }
        let last = self.papers.last().cloned().unwrap_or_default();
        if question.starts_with("The same again") {
            return last;
        }
        if question.starts_with("Words ") {
            let words: Vec<&str> = last.split(' ').collect();
            let places = question.split(" of share").next().unwrap();
            let places =
                places.split(|letter: char| !letter.is_ascii_digit()).filter_map(|text| text.parse::<usize>().ok());
            return places.map(|place| words[place - 1]).collect::<Vec<_>>().join(" ");
        }
        secrets.next().map(|secret| (*secret).to_owned()).unwrap_or_default()
    }

    /// A root whose key any two of three shares open.
    fn root(&mut self) {
        let custody = ["--custody", "shares", "--threshold", "2", "--shares", "3"];
        let root = ["--type", "root", "--common-name", "Example Root CA", "--first", "--out", "first/plan.yaml"];
        self.plan(&[&root[..], &custody].concat());
        self.meet(&["ceremony", "run", "first/plan.yaml", ALONE[0], ALONE[1]], &[]).says(0, &["the record is whole"]);
    }

    fn refusals(&self, record: &str) -> String {
        fs::read_to_string(self.path(record).join("refused-1.jsonl")).unwrap()
    }
}

/// What a machine of tests cannot keep; it is on record.
const ALONE: [&str; 2] = ["--allow-network", "--allow-unlocked-memory"];

#[test]
fn from_a_root_in_shares_to_an_intermediate_that_issues() {
    let mut office = Office::new();
    office.root();
    assert_eq!(office.papers.len(), 3);
    office.run(&["ceremony", "verify", "first/record"]).says(0, &["holds", "root.key.age: sha256"]);

    office.run(&["identity", "identity"]).says(0, &[]);
    let recipient = fs::read_to_string(office.path("identity")).unwrap();
    let recipient = recipient.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    office.run(&["intermediate", "csr", "services-1", "--recipient", &recipient]).says(0, &[]);
    let next = ["--type", "intermediate", "--intermediate", "services-1", "--root", "first/record/root.pem"];
    office.plan(&[&next[..], &["--previous", "first/record", "--out", "second/plan.yaml"]].concat());
    let run = ["ceremony", "run", "second/plan.yaml", "--key", "first/record/root.key.age", ALONE[0], ALONE[1]];
    let (one, other) = (office.papers[2].clone(), office.papers[0].clone());
    office.meet(&run, &[&one, &other]).says(0, &["Share 3 is taken.", "Share 1 is taken.", "intermediate.pem"]);
    let verify =
        ["ceremony", "verify", "second/record", "--root", "first/record/root.pem", "--previous", "first/record"];
    office.run(&verify).says(0, &["holds"]);

    office
        .run(&["intermediate", "install", "second/record/intermediate.pem", "--root", "first/record/root.pem"])
        .says(0, &[]);
    office.run(&["crl", "install", "first/record/root.crl.pem"]).says(0, &[]);
    office.run(&["crl", "build", "--identity", "identity"]).says(0, &[]);
    let issue =
        ["issue", "nginx", "--san", "web.example.org", "--key-out", "k", "--out", "c", "--identity", "identity"];
    office.run(&issue).says(0, &[]);
    office.run(&["verify", "c", "--hostname", "web.example.org"]).says(0, &["holds"]);

    // The next list counts on from the one that was installed.
    office.plan(&["--type", "crl", "--previous", "second/record", "--out", "third/plan.yaml"]);
    let run = ["ceremony", "run", "third/plan.yaml", "--key", "first/record/root.key.age", ALONE[0], ALONE[1]];
    office.meet(&run, &[&one, &other]).says(0, &["number       2"]);
    office.run(&["crl", "install", "third/record/root.crl.pem"]).says(0, &[]);
}

#[test]
fn a_record_that_was_changed_or_cut_is_refused_with_its_line() {
    let mut office = Office::new();
    office.root();
    let path = office.path("first/record/transcript.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    let count = good.lines().count();
    let verify = ["ceremony", "verify", "first/record"];
    fs::write(&path, good.replacen("administrator", "administrater", 1)).unwrap();
    office.run(&verify).says(4, &["verification failed: transcript line "]);
    let cut: String = good.lines().take(count - 1).map(|line| format!("{line}\n")).collect();
    fs::write(&path, cut).unwrap();
    office.run(&verify).says(4, &[&format!("transcript line {count}"), "it is missing"]);
    fs::write(&path, &good).unwrap();
    office.run(&verify).says(0, &[]);
    office.run(&["ceremony", "verify", "nowhere"]).says(2, &["there is no transcript.jsonl in it"]);
}

#[test]
fn a_plan_for_another_day_or_of_another_program_is_refused_on_record() {
    let mut office = Office::new();
    let root = ["--type", "root", "--common-name", "Example Root CA", "--custody", "passphrase", "--first"];
    office.plan(&[&root[..], &["--at", "2031-01-01T00:00:00Z", "--out", "late/plan.yaml"]].concat());
    office.meet(&["ceremony", "run", "late/plan.yaml", ALONE[0], ALONE[1]], &[]).says(3, &["within 24 hours"]);
    assert!(office.refusals("late/record").contains("\"event\":\"refused\""));
    office.plan(&[&root[..], &["--tool", "pki/log.jsonl", "--out", "other/plan.yaml"]].concat());
    office.meet(&["ceremony", "run", "other/plan.yaml", ALONE[0], ALONE[1]], &[]).says(3, &["and the plan names"]);
    assert!(office.refusals("other/record").contains("\"event\":\"refused\""));
}

#[test]
fn a_plan_with_an_unknown_key_is_bad_input_and_an_edited_one_is_refused() {
    let mut office = Office::new();
    let root = ["--type", "root", "--common-name", "Example Root CA", "--custody", "passphrase", "--first"];
    office.plan(&[&root[..], &["--out", "plan/plan.yaml"]].concat());
    let text = fs::read_to_string(office.path("plan/plan.yaml")).unwrap();
    let run = ["ceremony", "run", "plan/plan.yaml", ALONE[0], ALONE[1]];
    fs::write(office.path("plan/plan.yaml"), format!("{text}colour: red\n")).unwrap();
    office.run(&run).says(2, &["\"colour\" is not known here", "line"]);
    fs::write(office.path("plan/plan.yaml"), text.replace("Example Root CA", "Exemple Root CA")).unwrap();
    office.meet(&run, &[]).says(3, &["the plan was edited after it was approved"]);
    assert!(office.refusals("plan/record").contains("\"event\":\"refused\""));
}

#[test]
fn a_rehearsal_needs_no_key_and_says_what_it_is() {
    let mut office = Office::new();
    let custody = ["--custody", "passphrase"];
    let root = ["--type", "root", "--common-name", "Example Root CA", "--first", "--at", "2031-01-01T00:00:00Z"];
    office.plan(&[&root[..], &custody, &["--out", "plan/plan.yaml"]].concat());
    let run = ["ceremony", "run", "plan/plan.yaml", "--rehearse", ALONE[0], ALONE[1]];
    office.meet(&run, &[]).says(0, &["REHEARSAL, trust it nowhere"]);
    office.run(&["ceremony", "verify", "plan/record"]).says(0, &["REHEARSAL with throw-away keys"]);
}

#[test]
fn custody_is_tried_and_changed_and_a_damaged_file_is_bad_input() {
    let mut office = Office::new();
    office.root();
    let (one, other) = (office.papers[0].clone(), office.papers[1].clone());
    let test = |key: &'static str| {
        ["root", "custody", "test", "--root", "first/record/root.pem", "--key", key, ALONE[0], ALONE[1]]
    };
    office.meet(&test("first/record/root.key.age"), &[&one, &other]).says(0, &["it opens"]);
    let mistyped = one.replacen(one.split(' ').next().unwrap(), "wrogn", 1);
    office
        .meet(&test("first/record/root.key.age"), &[&mistyped, &mistyped, &mistyped])
        .says(2, &["word 1 \"wrogn\" is not in the list", "mistyped three times"]);
    let mut key = fs::read(office.path("first/record/root.key.age")).unwrap();
    key.truncate(key.len() - 1);
    fs::write(office.path("cut.age"), &key).unwrap();
    office.meet(&test("cut.age"), &[&one, &other]).says(2, &["sealed key"]);

    let rekey = ["--type", "rekey-custody", "--custody", "passphrase", "--root", "first/record/root.pem"];
    office.plan(&[&rekey[..], &["--previous", "first/record", "--out", "rekey/plan.yaml"]].concat());
    let key = ["--key", "first/record/root.key.age"];
    let run = [&["root", "custody", "rekey", "rekey/plan.yaml"][..], &key, &ALONE].concat();
    office.meet(&run, &[&one, &other]).says(0, &["the record is whole"]);
    let passphrase = office.papers.last().cloned().unwrap();
    office.meet(&test("rekey/record/root.key.age"), &[&passphrase]).says(0, &["it opens"]);
    let refused = ["root", "custody", "rekey", "first/plan.yaml", ALONE[0], ALONE[1]];
    office.run(&refused).says(2, &["it is a plan of type root, not rekey-custody"]);

    let split = ["root", "custody", "split", "--threshold", "2", "--shares", "2", ALONE[0], ALONE[1]];
    office.meet(&split, &[]).says(0, &["recipient: age1"]);
}
