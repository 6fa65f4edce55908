//! What the outer test tiers share: where things stand, the two sides of a comparison, and hosts to run against.
#![expect(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod fleet;
pub(crate) mod mask;
pub(crate) mod pki;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The root of the checkout.
pub(crate) fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The commands under their Ansible names, all of them the one binary under test.
const NAMES: [&str; 6] =
    ["ansible", "ansible-config", "ansible-doc", "ansible-inventory", "ansible-playbook", "ansible-vault"];

/// A folder for this test's files, empty at the start. It stays when the test ends, for a look inside.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&path));
    std::fs::create_dir_all(&path).expect("a scratch folder under the target folder");
    path
}

/// Makes a folder in which `provision` and every Ansible command name is the binary under test.
///
/// `PROVISION_TEST_BINARY` names another binary (another build, or another implementation's).
pub(crate) fn provision_bin(scratch: &Path) -> PathBuf {
    let bin = scratch.join("bin");
    std::fs::create_dir_all(&bin).expect("a folder for the commands");
    let program = std::env::var_os("PROVISION_TEST_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_provision")), PathBuf::from);
    for name in NAMES.iter().chain(&["provision"]) {
        let link = bin.join(name);
        drop(std::fs::remove_file(&link));
        std::os::unix::fs::symlink(&program, link).expect("a link to the binary");
    }
    bin
}

/// The folder of ansible-core's commands; made on the first call (see tests/oracle).
pub(crate) fn oracle_bin() -> PathBuf {
    let script = top().join("tests/oracle");
    let output = Command::new(&script).output().expect("tests/oracle can be started");
    assert!(
        output.status.success(),
        "ansible-core could not be installed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// The folder with the helpers for a debug build of `provision`, which carries none and would ask cargo for them on each
/// run.
///
/// `PROVISION_TEST_HELPER` names one that stands already; none is needed where `PROVISION_TEST_BINARY` carries its own.
static HELPER: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    if let Some(path) = std::env::var_os("PROVISION_TEST_HELPER") {
        return Some(PathBuf::from(path));
    }
    if std::env::var_os("PROVISION_TEST_BINARY").is_some() || cfg!(not(debug_assertions)) {
        return None;
    }
    let output = Command::new(top().join("tests/helper")).output().expect("tests/helper can be started");
    assert!(output.status.success(), "the helpers could not be built:\n{}", String::from_utf8_lossy(&output.stderr));
    Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
});

/// What `PROVISION_HELPER` is to be.
pub(crate) fn helper() -> Option<&'static Path> {
    HELPER.as_deref()
}

/// This process's user by name: Ansible looks for `~NAME` of the user that the environment names.
fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id can be started");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A command with nothing of this process's environment but what both sides need; its home is `home`.
pub(crate) fn clean_command(program: &str, bin: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", format!("{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", bin.display()))
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env("USER", user())
        .env("LOGNAME", user())
        .stdin(std::process::Stdio::null());
    if let Some(helper) = HELPER.as_ref() {
        command.env("PROVISION_HELPER", helper);
    }
    command
}
