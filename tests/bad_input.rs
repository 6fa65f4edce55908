//! What a user sees who gives bad input: the place, the cause and a cure, with Ansible's exit code, before or instead of
//! any change. Screens of failed tasks are compared with ansible-core's in the differential suite; these are our own.

mod support;

use std::path::PathBuf;
use std::process::Output;

/// A playbook on the local machine, run in a folder of its own.
struct Run {
    folder: PathBuf,
    output: Output,
}

impl Run {
    fn of(name: &str, playbook: &str) -> Self {
        Self::with(name, playbook, &[])
    }

    fn with(name: &str, playbook: &str, arguments: &[&str]) -> Self {
        let folder = support::scratch(&format!("bad-input-{name}"));
        let bin = support::provision_bin(&folder);
        std::fs::write(folder.join("site.yml"), playbook).expect("a playbook");
        let output = support::clean_command("provision", &bin, &folder)
            .args(["apply", "site.yml", "-i", "localhost,", "-e", "ansible_connection=local"])
            .args(arguments)
            .current_dir(&folder)
            .output()
            .expect("provision can be started");
        Self { folder, output }
    }

    fn text(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.output.stdout), String::from_utf8_lossy(&self.output.stderr))
    }

    /// Asserts the exit code and that each of the words is said.
    #[track_caller]
    fn says(&self, code: i32, words: &[&str]) {
        let text = self.text();
        assert_eq!(self.output.status.code(), Some(code), "{text}");
        for word in words {
            assert!(text.contains(word), "{word:?} is not said:\n{text}");
        }
        assert!(!text.contains("panicked"), "{text}");
    }

    #[track_caller]
    fn touched_nothing(&self) {
        assert!(!self.folder.join("touched").exists(), "a task ran although the playbook is not valid");
    }
}

const TOUCH: &str = "    - copy: {content: x, dest: '{{ playbook_dir }}/touched'}\n";

#[test]
fn broken_yaml_shows_the_line_and_column() {
    let run =
        Run::of("yaml", "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: msg=\"unclosed\n    - debug:\n");
    run.says(4, &["site.yml:"]);
}

#[test]
fn an_unknown_keyword_shows_line_caret_and_the_nearest_word() {
    let run = Run::of(
        "keyword",
        &format!("- hosts: all\n  gather_facts: false\n  tasks:\n{TOUCH}    - debug: msg=x\n      wehn: true\n"),
    );
    run.says(4, &["site.yml:6:7", "wehn: true", "^", "when"]);
    run.touched_nothing();
}

#[test]
fn an_unknown_keyword_of_a_play_is_refused_too() {
    let run = Run::of("play-keyword", "- hosts: all\n  gather_fact: false\n  tasks: []\n");
    run.says(4, &["site.yml:2:3", "gather_fact", "gather_facts"]);
}

#[test]
fn a_missing_role_is_named_with_the_places_searched() {
    let run = Run::of("role", "- hosts: all\n  gather_facts: false\n  roles:\n    - nowhere\n");
    run.says(1, &["nowhere", "site.yml:4:7", "roles"]);
}

#[test]
fn a_missing_module_is_refused_before_anything_runs() {
    let run = Run::of("module", &format!("- hosts: all\n  gather_facts: false\n  tasks:\n{TOUCH}    - coppy: {{}}\n"));
    run.says(4, &["coppy", "site.yml:5:7", "copy"]);
    run.touched_nothing();
}

#[test]
fn an_undefined_variable_fails_the_task_with_its_place() {
    let run =
        Run::of("undefined", "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: msg=\"{{ nowhere }}\"\n");
    run.says(2, &["'nowhere' is undefined", "site.yml:4:"]);
}

#[test]
fn a_wrong_module_argument_fails_the_task_and_names_it() {
    let run = Run::of("argument", "- hosts: all\n  gather_facts: false\n  tasks:\n    - stat: {paht: /etc}\n");
    run.says(2, &["paht", "site.yml:4:"]);
}

#[test]
fn a_wrong_argument_can_be_rescued() {
    let run = Run::of(
        "rescued",
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - block:\n        - stat: {paht: /etc}\n      rescue:\n        - debug: msg=rescued\n",
    );
    run.says(0, &["rescued=1"]);
}

#[test]
fn a_playbook_that_is_not_there_is_named() {
    let folder = support::scratch("bad-input-nowhere");
    let bin = support::provision_bin(&folder);
    let output = support::clean_command("provision", &bin, &folder)
        .args(["apply", "nowhere.yml", "-i", "localhost,"])
        .current_dir(&folder)
        .output()
        .expect("provision can be started");
    let run = Run { folder, output };
    run.says(1, &["nowhere.yml", "could not be found"]);
}

#[test]
fn an_unreachable_host_is_named_with_its_address_and_the_run_says_so() {
    let folder = support::scratch("bad-input-unreachable");
    let bin = support::provision_bin(&folder);
    std::fs::write(folder.join("site.yml"), "- hosts: all\n  gather_facts: false\n  tasks:\n    - ping:\n")
        .expect("a playbook");
    let output = support::clean_command("provision", &bin, &folder)
        .args(["apply", "site.yml", "-i", "gone,", "-e", "ansible_host=127.0.0.254 ansible_port=9"])
        .current_dir(&folder)
        .output()
        .expect("provision can be started");
    let run = Run { folder, output };
    run.says(4, &["gone", "UNREACHABLE", "unreachable=1", "127.0.0.254"]);
}

#[test]
fn an_unknown_flag_is_named() {
    let run = Run::with("unknown-flag", "- hosts: all\n  tasks: []\n", &["--no-such-flag"]);
    run.says(2, &["--no-such-flag"]);
}

mod hosts {
    use super::*;
    use support::fleet::Fleet;

    #[test]
    fn a_wrong_host_key_is_refused_with_the_line_to_change() {
        let folder = support::scratch("bad-input-host-key");
        let bin = support::provision_bin(&folder);
        let fleet = Fleet::start("bad-input-key", &["target".to_owned()]);
        // The key of somebody else stands where the host's own should.
        let status = std::process::Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(folder.join("other"))
            .status()
            .expect("ssh-keygen can be started");
        assert!(status.success(), "a key is made");
        let other = std::fs::read_to_string(folder.join("other.pub")).expect("the key");
        let address = &fleet.host("target").address;
        std::fs::write(folder.join("known"), format!("# a comment\n{address} {other}")).expect("known hosts");
        let inventory = fleet.inventory();
        let start = inventory.find("UserKnownHostsFile=").expect("the option") + "UserKnownHostsFile=".len();
        let end = start + inventory[start..].find('\'').expect("the end of the option");
        let inventory = format!("{}{}{}", &inventory[..start], folder.join("known").display(), &inventory[end..]);
        std::fs::write(folder.join("hosts"), inventory).expect("an inventory");
        std::fs::write(folder.join("site.yml"), "- hosts: all\n  gather_facts: false\n  tasks:\n    - ping:\n")
            .expect("a playbook");
        let output = support::clean_command("provision", &bin, &folder)
            .args(["apply", "site.yml", "-i", "hosts"])
            .current_dir(&folder)
            .output()
            .expect("provision can be started");
        let run = Run { folder, output };
        run.says(4, &["UNREACHABLE", "key", "known:2"]);
    }
}
