//! What the tests run: a host, the playbook, and the ways to the host.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::relay::Relay;
use crate::run::{Run, changed};
use crate::state::Rest;
use crate::support::{
    self,
    fleet::{Fleet, Host},
};

/// The names of the tasks stand for the phases: see [`crate::points`].
const PLAYBOOK: &str = "\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: A folder
      file: {path: /srv/kill, state: directory, mode: '0755'}
    - name: A template
      template: {src: conf.j2, dest: /srv/kill/conf, mode: '0640', owner: ops}
    - name: Lines
      lineinfile: {path: /srv/kill/lines, line: 'last = true', create: true, mode: '0640'}
    - name: A long command
      command: sh -c 'sleep {{ seconds }} && echo done >/srv/kill/done'
      args: {creates: /srv/kill/done}
    - name: A large file
      copy: {src: large, dest: /srv/kill/large, mode: '0600'}
    - name: A small file
      copy: {src: small, dest: /srv/kill/again, mode: '0600'}
    - name: A download
      get_url: {url: 'file:///srv/kill/again', dest: /srv/kill/got, mode: '0600'}
";

/// What the files of the playbook were before.
const OLD: &str = "rm -rf /reference/old && mkdir -p /reference/old && cd /reference/old && umask 022 && \
                   echo old | tee conf large >/dev/null && echo 'first = true' >lines";

/// The paths that a run makes on the host.
const MADE: [&str; 11] = [
    "/srv/kill",
    "/srv/kill/conf",
    "/srv/kill/lines",
    "/srv/kill/done",
    "/srv/kill/large",
    "/srv/kill/again",
    "/srv/kill/got",
    "/root/.cache",
    "/root/.cache/provision",
    "/home/deploy/.cache",
    "/home/deploy/.cache/provision",
];

/// How the control node reaches the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Its sshd.
    Direct,
    /// Through the relay.
    Relayed,
}

/// A host to run against.
#[derive(Debug)]
pub(crate) struct Bench {
    /// Where the playbook is.
    pub(crate) work: PathBuf,
    bin: PathBuf,
    fleet: Fleet,
    /// The relay to the host.
    pub(crate) relay: Relay,
    /// The host before any run.
    pub(crate) rest: Rest,
}

impl Bench {
    /// A fresh host; `name` tells it from other tests'.
    pub(crate) fn start(name: &str) -> Self {
        let work = support::scratch(name);
        let bin = support::provision_bin(&work);
        let fleet = Fleet::start(&support::fleet::group_of_this_checkout(name), &["target".to_owned()]);
        let host = fleet.host("target");
        let relay = Relay::start(&host.address);
        write_inventories(&work, &fleet, relay.port);
        let rest = Rest::of(host, &MADE);
        Self { work, bin, fleet, relay, rest }
    }

    /// Writes the playbook with a large file among others, and what was on the host before it.
    pub(crate) fn write_playbook(&self) {
        for folder in ["templates", "files"] {
            std::fs::create_dir_all(self.work.join(folder)).expect("a folder");
        }
        std::fs::write(self.work.join("site.yml"), PLAYBOOK).expect("a playbook");
        let template = "# {{ ansible_managed }}\nname = {{ inventory_hostname }}\n";
        std::fs::write(self.work.join("templates/conf.j2"), template).expect("a template");
        incompressible(&self.work.join("files/large"), 200 * 1024 * 1024);
        incompressible(&self.work.join("files/small"), 1024 * 1024);
        self.host().read(OLD);
    }

    pub(crate) fn host(&self) -> &Host {
        self.fleet.host("target")
    }

    /// Starts a run of a playbook in the work folder; `seconds` is how long its command takes.
    pub(crate) fn run(&self, playbook: &str, way: Way, seconds: &str) -> Run {
        let inventory = if way == Way::Direct { "hosts" } else { "relayed" };
        let mut command: Command = support::clean_command("provision", &self.bin, &self.work);
        command
            .args(["apply", "-i", inventory, playbook, "--output", "json", "-e"])
            .arg(format!("seconds={seconds}"))
            .current_dir(&self.work);
        Run::start(command)
    }

    /// A whole run, which must succeed: how many tasks changed something.
    pub(crate) fn converge(&self) -> u64 {
        let signs = self.run("site.yml", Way::Direct, "0").finish();
        changed(&signs, "target").expect("the run counts what it changed")
    }

    /// Keeps what a whole run has made as what is new, after a look at the one thing that can be verified from here.
    pub(crate) fn keep_as_new(&self) {
        let sum = |output: std::process::Output| {
            String::from_utf8_lossy(&output.stdout).split(' ').next().unwrap_or_default().to_owned()
        };
        let sent = Command::new("sha256sum").arg(self.work.join("files/large")).output().expect("sha256sum is there");
        assert_eq!(sum(sent), sum(self.host().sh("sha256sum /srv/kill/large")), "a run copies the file");
        self.host().read("rm -rf /reference/new && cp -a /srv/kill /reference/new");
    }

    /// Puts the host back to what it was before a whole run. The large file is old where it is to be copied, the helper
    /// gone where it is to be sent.
    pub(crate) fn reset(&self, copies: bool, fresh: bool) {
        let old = if copies { "conf lines large" } else { "conf lines" };
        let gone = if fresh { "/root/.cache /home/deploy/.cache" } else { "" };
        self.host().read(&format!(
            "rm -rf {gone}; mkdir -p /srv/kill && cd /srv/kill && rm -f conf lines done again got && \
             for name in {old}; do cp -p /reference/old/$name .next && mv .next $name; done"
        ));
        Rest::mark(self.host());
    }

    /// What of the playbook's files and of the cached helper is not whole, and what is not new: two texts.
    pub(crate) fn wholeness(&self) -> (String, String) {
        let said = self.host().read(include_str!("whole.sh"));
        let pick = |keep: fn(&str) -> bool| {
            said.lines().filter(|line| keep(line)).map(|line| format!("{line}\n")).collect::<String>()
        };
        (pick(|line| line.contains(" neither: ")), pick(|line| !line.ends_with(" new")))
    }
}

/// Inventories of the host: its sshd (`hosts`), and the relay (`relayed`). The host's keys are asked of itself, for the
/// fleet's own list changes when its images are built anew.
fn write_inventories(work: &Path, fleet: &Fleet, port: u16) {
    let fleets = fleet.inventory().replace("ansible_user=root", "ansible_user=deploy");
    let (host, file) = (fleet.host("target"), work.join("known_hosts"));
    let keys = host.read("cat /etc/ssh/ssh_host_*_key.pub");
    let known: String =
        keys.lines().map(|key| format!("{0} {key}\n[127.0.0.1]:{port} {key}\n", host.address)).collect();
    std::fs::write(&file, known).expect("known hosts");
    let listed = fleets
        .split_once("UserKnownHostsFile=")
        .and_then(|(_, rest)| rest.split(['\'', '\n']).next())
        .expect("the inventory names the known hosts");
    let direct = fleets.replace(listed, &file.to_string_lossy());
    let there = format!("ansible_host={}", host.address);
    let relayed = direct.replace(&there, &format!("ansible_host=127.0.0.1 ansible_port={port}"));
    std::fs::write(work.join("hosts"), direct).expect("an inventory");
    std::fs::write(work.join("relayed"), relayed).expect("an inventory");
}

/// A file that no compression makes small.
fn incompressible(path: &Path, bytes: usize) {
    use std::io::Write as _;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..bytes / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes()).expect("the disk takes it");
    }
    file.flush().expect("the disk takes it");
}
