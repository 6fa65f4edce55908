//! A full disk on a host: a clear error with the place, Ansible's exit code, and nothing half-written.

mod support;

use std::process::Output;
use support::fleet::Fleet;

fn run(name: &str, playbook: &str) -> (Fleet, Output) {
    let work = support::scratch(name);
    let bin = support::provision_bin(&work);
    let fleet = Fleet::start(name, &["target:disk=8m".to_owned()]);
    fleet.host("target").read("echo precious >/small/conf; echo precious >/small/large");
    std::fs::write(work.join("hosts"), fleet.inventory()).expect("an inventory");
    std::fs::write(work.join("site.yml"), playbook).expect("a playbook");
    std::fs::write(work.join("large"), vec![b'x'; 16 * 1024 * 1024]).expect("a file");
    let output = support::clean_command("ansible-playbook", &bin, &work)
        .args(["-i", "hosts", "site.yml"])
        .current_dir(&work)
        .output()
        .expect("provision can be started");
    (fleet, output)
}

mod hosts {
    use super::*;

    #[test]
    fn a_copy_that_does_not_fit_fails_and_leaves_the_old_file() {
        let (fleet, output) = run(
            "disk-full-copy",
            "- hosts: all\n  gather_facts: false\n  tasks:\n    - name: Too large\n      copy: {src: large, dest: /small/large}\n",
        );
        let screen = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{screen}");
        assert!(screen.contains("No space left on device"), "{screen}");
        assert!(screen.contains("/small"), "the place is named:\n{screen}");
        let host = fleet.host("target");
        assert_eq!(host.read("cat /small/large"), "precious\n");
        assert_eq!(host.read("ls -A /small"), "conf\nlarge\n", "no temporary file is left");
    }

    #[test]
    fn edits_on_a_full_disk_fail_and_leave_the_file_whole() {
        let (fleet, output) = run(
            "disk-full-edit",
            "- hosts: all
  gather_facts: false
  tasks:
    - name: Fill
      shell: dd if=/dev/zero of=/small/filler bs=4k 2>/dev/null; true
      changed_when: false
    - name: A line
      lineinfile: {path: /small/conf, line: added}
      ignore_errors: true
    - name: A block
      blockinfile: {path: /small/conf, block: added}
      ignore_errors: true
    - name: A copy
      copy: {content: added, dest: /small/new}
      ignore_errors: true
    - name: A template
      template: {src: large, dest: /small/large}
      ignore_errors: true
",
        );
        let screen = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{screen}");
        assert!(screen.contains("ignored=4"), "each of the four fails:\n{screen}");
        assert_eq!(screen.matches("fatal: [target]").count(), screen.matches("...ignoring").count(), "{screen}");
        let host = fleet.host("target");
        assert_eq!(host.read("cat /small/conf /small/large"), "precious\nprecious\n");
        assert_eq!(host.read("ls -A /small"), "conf\nfiller\nlarge\n", "no temporary file is left");
    }
}
