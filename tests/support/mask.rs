//! What two runs of the same playbook can never share: times, temporary names, process ids and addresses.

use regex_lite::Regex;
use std::sync::LazyLock;

/// Each pattern and what stands in its place. Shapes stay: a quoted number stays quoted, a missing key is still seen.
const MASKS: &[(&str, &str)] = &[
    // 2026-11-23 19:50:41.522339 and its ISO forms
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:?\d\d)?", "TIME"),
    // Mon 2026-11-23 19:50:41 UTC, as systemd says it: after the line above only the frame is left
    (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) TIME [A-Z]{3,4}", "TIME"),
    // Wed, 25 Nov 2026 21:14:45 GMT, as HTTP says it
    (r"\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\b", "TIME"),
    // when lists of packages were got, in seconds since 1970
    (r#""cache_update_time": \d+"#, "\"cache_update_time\": NUMBER"),
    // "delta": "0:00:00.002345"
    (r"\b\d+:\d\d:\d\d\.\d{6}\b", "DELTA"),
    // Ansible's temporary folder on a host, whole
    (r#"[^\s"'=]*/\.ansible/tmp/ansible-tmp-[\d.]+-\d+-\d+"#, "REMOTE_TMP"),
    // the one that a module makes itself where Ansible's pipelining is on
    (r#"[^\s"'=]*/\.ansible/tmp/ansible-moduletmp-[\d.]+-\w+"#, "REMOTE_TMP"),
    (r#"[^\s"'=]*/\.ansible/tmp/ansible-local-\d+\w+/tmp\w+"#, "LOCAL_TMP"),
    (r#"[^\s"'=]*/\.ansible/tmp/ansible-local-\d+\w+/\.\w+"#, "LOCAL_CONTENT"),
    // how long a pause took
    (r"Paused for \d+\.\d+ seconds", "Paused for DELTA seconds"),
    // names that tempfile and mkstemp make
    (r"\b(ansible[.-])[a-z0-9_]{8}\b", "${1}RANDOM"),
    // only as a file's name: many facts are eight letters behind this beginning
    (r"(/ansible_)[a-z0-9_]{8}\b", "${1}RANDOM"),
    (r"\.ansible_tmp\w+", ".ansible_tmpRANDOM"),
    (r"\btmp[a-z0-9_]{8}\b", "tmpRANDOM"),
    // what each of the two programs says of itself with -vv
    (
        r"\n  (ansible python module location|executable location|python version|jinja version|pyyaml version) = .*",
        "\n  $1 = OWN",
    ),
    // a test's own server
    (r"\b127\.0\.0\.1:\d{5}\b", "127.0.0.1:PORT"),
    // Python prints a set in an order of chance
    (r#"Valid booleans include: [^"\n]*"#, "Valid booleans include: SET"),
    // a backup's name: process id and time
    (r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~", ".PID.TIME~"),
    // seconds that something quick took
    (r#""elapsed": \d\b"#, "\"elapsed\": NUMBER"),
    // asynchronous jobs
    (r"\bj\d{6,}\.\d+\b", "JOB"),
    // numbers of a file or a process that differ by nature
    (
        r#""(atime|mtime|ctime|birthtime|inode|dev|version|pid|ansible_job_pid|block_size|blocks)": "?-?[\d.]+"?"#,
        "\"$1\": NUMBER",
    ),
    (r#"("[^"]*\bpid": )\d+"#, "${1}NUMBER"),
    // what systemd counts and times
    (
        r#""(\w*(?:PID|Timestamp|TimestampMonotonic|InvocationID|ControlGroup|ControlGroupId|USec\w*|NSec|Current|Peak|Available|Bytes|Packets|Inode|TasksMax|MemoryAvailable|LimitNPROC|LimitNPROCSoft|LimitSIGPENDING|LimitSIGPENDINGSoft|NFileDescriptorStore))": "[^"]*""#,
        "\"$1\": \"VOLATILE\"",
    ),
    (r"\bpid=\d+", "pid=NUMBER"),
    // loopback addresses of the fleet
    (r"\b127\.0\.(7\d|8\d)\.\d+\b", "ADDRESS"),
];

/// Properties of systemd's units that are sets: `systemctl show` says them in an order of chance, which differs between two
/// hosts and changes on one host when its systemd starts again. Their words are put in order; none is hidden.
const SETS: &str = r#""(Requires|Requisite|Wants|BindsTo|PartOf|Upholds|RequiredBy|RequisiteOf|WantedBy|BoundBy|UpheldBy|ConsistsOf|Conflicts|ConflictedBy|Before|After|OnFailure|OnFailureOf|OnSuccess|OnSuccessOf|Triggers|TriggeredBy|PropagatesReloadTo|ReloadPropagatedFrom|PropagatesStopTo|StopPropagatedFrom|JoinsNamespaceOf|SliceOf|RequiresMountsFor|Names)": "([^"]*)""#;

static SET: LazyLock<Regex> = LazyLock::new(|| Regex::new(SETS).expect("a mask compiles"));

static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    MASKS.iter().map(|(pattern, mask)| (Regex::new(pattern).expect("a mask compiles"), *mask)).collect()
});

/// The text with everything masked that two runs can never share; `places` are paths and their stand-ins.
pub(crate) fn mask(text: &str, places: &[(String, &str)]) -> String {
    let mut text = text.to_owned();
    for (path, name) in places {
        text = text.replace(path, name);
    }
    for (pattern, replacement) in COMPILED.iter() {
        text = pattern.replace_all(&text, *replacement).into_owned();
    }
    let ordered = SET.replace_all(&text, |found: &regex_lite::Captures<'_>| {
        let mut words: Vec<&str> = found[2].split(' ').collect();
        words.sort_unstable();
        format!("\"{}\": \"{}\"", &found[1], words.join(" "))
    });
    ordered.into_owned()
}

/// Whether a path of a host changes without anybody's doing, or is either side's own workshop.
pub(crate) fn is_noise(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "/run",
        "/dev",
        "/proc",
        "/sys",
        "/etc/hostname",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/machine-id",
        "/etc/mtab",
        "/var/log",
        "/var/cache",
        "/var/lib/systemd",
        "/var/lib/apt",
        "/var/lib/private",
        "/var/lib/dbus",
    ];
    let below = |folder: &&str| path.strip_prefix(*folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    FOLDERS.iter().any(below) || path.contains("/tmp/systemd-private-") || is_workshop(path)
}

/// Whether a path is where either side keeps its own things: its copies of modules, of the helper, of compiled Python.
pub(crate) fn is_workshop(path: &str) -> bool {
    const NAMES: &[&str] = &[".ansible", ".ansible_async", ".cache", ".provision", "__pycache__"];
    path.split('/').any(|name| NAMES.contains(&name)) || path.ends_with(".pyc")
}
