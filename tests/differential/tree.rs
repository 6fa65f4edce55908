//! What a run leaves behind, as text: one line an entry (type, mode, owner), contents below it.

use crate::support::fleet::Host;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// Contents up to this many bytes are shown whole, so that a difference can be read.
const SHOWN: usize = 4096;

fn contents(text: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(readable) if bytes.len() <= SHOWN => {
            for line in readable.split_inclusive('\n') {
                let _ = writeln!(text, "    {}", line.strip_suffix('\n').unwrap_or(line));
            }
            if !readable.is_empty() && !readable.ends_with('\n') {
                let _ = writeln!(text, "    (no newline at the end)");
            }
        }
        _ => {
            use sha2::Digest as _;
            let digest = sha2::Sha256::digest(bytes);
            let hex = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            let _ = writeln!(text, "    {} bytes, sha256 {hex}", bytes.len());
        }
    }
}

/// The tree below a local folder.
pub(crate) fn local(root: &Path, ignore: &[String]) -> String {
    let mut text = String::new();
    walk(root, root, ignore, &mut text);
    text
}

fn walk(root: &Path, folder: &Path, ignore: &[String], text: &mut String) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if ignore.iter().any(|prefix| name.starts_with(prefix.as_str())) || crate::support::mask::is_workshop(&name) {
            continue;
        }
        let meta = path.symlink_metadata().expect("an entry");
        let mode = meta.permissions().mode() & 0o7777;
        let owner = format!("{}:{}", meta.uid(), meta.gid());
        if meta.is_symlink() {
            let target = std::fs::read_link(&path).unwrap_or_default();
            let _ = writeln!(text, "link {owner} {name} -> {}", target.display());
        } else if meta.is_dir() {
            let _ = writeln!(text, "dir  {mode:04o} {owner} {name}");
            walk(root, &path, ignore, text);
        } else if meta.is_file() {
            let _ = writeln!(text, "file {mode:04o} {owner} {name}");
            contents(text, &std::fs::read(&path).unwrap_or_default());
        } else {
            let _ = writeln!(text, "node {mode:04o} {owner} {name}");
        }
    }
}

/// Prints an entry as above; reads paths from its input, one a line. Needs only what every Debian host has.
const DESCRIBE: &str = r#"
while IFS= read -r path; do
  [ -e "$path" ] || [ -L "$path" ] || { echo "gone $path"; continue; }
  if [ -L "$path" ]; then echo "link $(stat -c %U:%G "$path") $path -> $(readlink "$path")"
  elif [ -d "$path" ]; then echo "dir  $(stat -c '%04a %U:%G' "$path") $path"
  elif [ -f "$path" ]; then
    echo "file $(stat -c '%04a %U:%G' "$path") $path"
    if [ "$(stat -c %s "$path")" -le 4096 ] && ! LC_ALL=C grep -q "$(printf '[\001-\010\016-\037]')" "$path"; then
      sed 's/^/    /' "$path" | tr -d '\0'; [ -z "$(tail -c 1 "$path")" ] || echo
    else echo "    $(stat -c %s "$path") bytes, sha256 $(sha256sum <"$path" | cut -d' ' -f1)"; fi
  else echo "node $(stat -c '%04a %U:%G' "$path") $path"; fi
done
"#;

/// What differs on a host from the image it was started from.
pub(crate) fn host(host: &Host, ignore: &[String]) -> String {
    let mut paths = host.changed_paths();
    paths.retain(|path| !ignore.iter().any(|prefix| path.starts_with(prefix.as_str())));
    let mut child = Command::new("docker")
        .args(["exec", "-i", &host.id, "sh", "-c", DESCRIBE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("docker can be started");
    let list = paths.iter().map(|path| format!("{path}\n")).collect::<String>();
    let mut input = child.stdin.take().expect("a piped input");
    let writer = std::thread::spawn(move || drop(input.write_all(list.as_bytes())));
    let output = child.wait_with_output().expect("docker answers");
    drop(writer.join());
    format!("host {}\n{}", host.name, String::from_utf8_lossy(&output.stdout))
}
