//! kill -9 of the control node at points spread over a run: nothing of it is left on the host, and the next run converges.
//!
//! `PROVISION_TEST_KILL_POINTS` says how many points (5 where it is not set; `.ci/run --full` asks for 50).

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::fleet::{Fleet, Host};

/// After this the host must be clean.
const GRACE: Duration = Duration::from_secs(5);

const PLAYBOOK: &str = "\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: A folder
      file: {path: /srv/kill, state: directory, mode: '0755'}
    - name: A template
      template: {src: conf.j2, dest: /srv/kill/conf, mode: '0640', owner: ops}
    - name: A large file
      copy: {src: large, dest: /srv/kill/large, mode: '0600'}
    - name: A file by the helper of another bundle
      get_url: {url: 'file:///srv/kill/large', dest: /srv/kill/got, mode: '0600'}
    - name: A long command
      command: sh -c 'sleep 2.718; echo done > /srv/kill/done'
      args: {creates: /srv/kill/done}
    - name: Lines
      lineinfile: {path: /srv/kill/lines, line: 'last = true', create: true, mode: '0644'}
    - name: A large file once more
      copy: {src: large, dest: /srv/kill/again, mode: '0600'}
";

struct Bench {
    work: PathBuf,
    bin: PathBuf,
    fleet: Fleet,
}

impl Bench {
    fn start() -> Self {
        let work = support::scratch("kill");
        let bin = support::provision_bin(&work);
        let fleet = Fleet::start("kill", &["target".to_owned()]);
        let inventory = fleet.inventory().replace("ansible_user=root", "ansible_user=deploy");
        std::fs::write(work.join("hosts"), inventory).expect("an inventory");
        std::fs::write(work.join("site.yml"), PLAYBOOK).expect("a playbook");
        std::fs::create_dir_all(work.join("templates")).expect("a folder");
        std::fs::create_dir_all(work.join("files")).expect("a folder");
        std::fs::write(work.join("templates/conf.j2"), "# {{ ansible_managed }}\nname = {{ inventory_hostname }}\n")
            .expect("a template");
        large_file(&work.join("files/large"));
        Self { work, bin, fleet }
    }

    fn spawn(&self) -> Child {
        support::clean_command("ansible-playbook", &self.bin, &self.work)
            .args(["-i", "hosts", "site.yml"])
            .current_dir(&self.work)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("provision can be started")
    }

    /// A whole run; it must succeed. Returns its screen.
    fn converge(&self) -> String {
        let output = self.spawn().wait_with_output().expect("provision ends");
        let screen = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{screen}\n{}", String::from_utf8_lossy(&output.stderr));
        screen
    }

    fn host(&self) -> &Host {
        self.fleet.host("target")
    }

    /// Half of what the playbook makes is there in an older form, the rest is not.
    fn reset(&self) {
        self.host().read(
            "rm -rf /srv/kill /before; mkdir /srv/kill; echo old >/srv/kill/large; echo old >/srv/kill/conf; sleep 0.02; touch /before",
        );
    }

    /// Everything that is on the host and may not be there; empty when it is clean.
    fn traces(&self) -> String {
        let mut found = String::new();
        let processes = self.host().read("ps -eo user,args");
        for line in processes.lines().filter(|line| line.contains("/helper-") || line.contains("sleep 2.718")) {
            let _ = writeln!(found, "process: {line}");
        }
        let files = self.host().read(
            "find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /var/log -o -path /var/lib/systemd \\) -prune \
             -o -type f -newer /before -print",
        );
        for path in files.lines() {
            let ours = ["conf", "large", "got", "done", "again", "lines"]
                .map(|name| format!("/srv/kill/{name}"))
                .contains(&path.to_owned());
            let cached = path.rsplit_once("/helper-").is_some_and(|(folder, helper)| {
                let digest = helper.split_once('-').map_or("", |(_bundle, digest)| digest);
                folder.contains("provision")
                    && digest.len() == 64
                    && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
            if !ours && !cached {
                let _ = writeln!(found, "file: {path}");
            }
        }
        found
    }

    /// Files that are neither the old ones nor the new ones.
    fn partial(&self, digest: &str) -> String {
        let mut found = String::new();
        for name in ["large", "got", "again"] {
            let line = format!("[ ! -e /srv/kill/{name} ] || sha256sum /srv/kill/{name}");
            let said = self.host().read(&line);
            if !said.is_empty() && !said.starts_with(digest) && !self.is_old(name) {
                let _ = writeln!(found, "{said}");
            }
        }
        let conf = self.host().read("[ ! -e /srv/kill/conf ] || cat /srv/kill/conf");
        let whole = ["", "old\n"].contains(&conf.as_str()) || conf.ends_with("name = target\n");
        if !whole {
            let _ = writeln!(found, "/srv/kill/conf: {conf:?}");
        }
        found
    }

    fn is_old(&self, name: &str) -> bool {
        self.host().read(&format!("head -c 8 /srv/kill/{name}")) == "old\n"
    }
}

/// 200 MB that no compression makes small.
fn large_file(path: &Path) {
    use std::io::Write as _;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200 * 1024 * 1024 / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes()).expect("the disk takes it");
    }
    file.flush().expect("the disk takes it");
}

mod hosts {
    use super::*;

    #[test]
    fn a_killed_control_node_leaves_nothing_behind() {
        let points: u32 =
            std::env::var("PROVISION_TEST_KILL_POINTS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
        let bench = Bench::start();
        bench.reset();
        let start = Instant::now();
        bench.converge();
        let whole = start.elapsed();
        let digest = bench.host().read("sha256sum </srv/kill/large | cut -d' ' -f1");
        let digest = digest.trim();
        let mut report = String::new();
        for point in 0..points {
            bench.reset();
            let after = whole.mul_f64((f64::from(point) + 0.5) / f64::from(points));
            let mut child = bench.spawn();
            std::thread::sleep(after);
            child.kill().expect("SIGKILL can be sent");
            child.wait().expect("the killed process is collected");
            let killed = Instant::now();
            let mut traces = bench.traces();
            while !traces.is_empty() && killed.elapsed() < GRACE {
                std::thread::sleep(Duration::from_millis(100));
                traces = bench.traces();
            }
            let partial = bench.partial(digest);
            if !traces.is_empty() || !partial.is_empty() {
                let _ = writeln!(report, "killed after {after:?} of {whole:?}:\n{traces}{partial}");
            }
            bench.converge();
            let again =
                bench.host().read("sha256sum /srv/kill/large /srv/kill/got /srv/kill/again | cut -d' ' -f1 | sort -u");
            if again.trim() != digest {
                let _ = writeln!(report, "killed after {after:?}: the next run did not converge: {again}");
            }
        }
        assert!(report.is_empty(), "{report}");
        let screen = bench.converge();
        assert!(screen.contains("changed=0 "), "the last run changed something:\n{screen}");
    }
}
