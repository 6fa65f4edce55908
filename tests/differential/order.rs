//! With several hosts at once the results of a task come in an order of chance: here they are put in the order of hosts.
//!
//! An error is shown once, before the first result that it belongs to, and whose that is is chance, too: errors stand before
//! all results of their task.

/// The same screen with each task's results sorted by host; the results of one host keep their order.
pub(crate) fn by_host(screen: &str) -> String {
    let mut out = String::new();
    let mut results: Vec<(String, String)> = Vec::new();
    // Lines that stand before the result they belong to: a diff, an error.
    let mut before = String::new();
    let mut is_error = false;
    for line in screen.split_inclusive('\n') {
        let banner = line.starts_with("TASK [") || line.starts_with("RUNNING HANDLER [") || line.starts_with("PLAY ");
        if banner {
            flush(&mut out, &mut results, &mut before);
            out.push_str(line);
        } else if let Some(host) = host_of(line) {
            if std::mem::take(&mut is_error) {
                results.push((String::new(), std::mem::take(&mut before)));
            }
            results.push((host, std::mem::take(&mut before) + &hosts_sorted(line)));
        } else if line.starts_with("--- ") || line.starts_with("[ERROR]: ") || !before.is_empty() {
            is_error |= line.starts_with("[ERROR]: ");
            before.push_str(line);
        } else if let Some((_, text)) = results.last_mut() {
            text.push_str(line);
        } else {
            out.push_str(line);
        }
    }
    flush(&mut out, &mut results, &mut before);
    out
}

fn flush(out: &mut String, results: &mut Vec<(String, String)>, before: &mut String) {
    // The empty line before the next banner was read as the last result's.
    let mut end = String::new();
    if let Some((_, text)) = results.last_mut() {
        while text.ends_with("\n\n") {
            text.pop();
            end.push('\n');
        }
    }
    results.sort_by(|(a, text), (b, other)| {
        let errors = || if a.is_empty() { text.cmp(other) } else { std::cmp::Ordering::Equal };
        a.cmp(b).then_with(errors)
    });
    for (_, text) in results.drain(..) {
        out.push_str(&text);
    }
    out.push_str(&std::mem::take(before));
    out.push_str(&end);
}

fn host_of(line: &str) -> Option<String> {
    const STATES: [&str; 7] = ["ok", "changed", "skipping", "failed", "fatal", "included", "FAILED - RETRYING"];
    const JOBS: [&str; 3] = ["ASYNC OK on ", "ASYNC FAILED on ", "ASYNC POLL on "];
    let (state, rest) = line.split_once(": ")?;
    if let Some(host) = JOBS.iter().find_map(|job| state.strip_prefix(job)) {
        return Some(host.to_owned());
    }
    if state == "included" {
        return Some(String::new());
    }
    let rest = rest.strip_prefix('[')?;
    STATES.contains(&state).then(|| rest.split([']', ' ']).next().unwrap_or_default().to_owned())
}

fn hosts_sorted(line: &str) -> String {
    let Some((file, hosts)) = line.strip_prefix("included: ").and_then(|rest| rest.split_once(" for ")) else {
        return line.to_owned();
    };
    let (hosts, item) = hosts.trim_end().split_once(" => ").unwrap_or((hosts.trim_end(), ""));
    let mut hosts: Vec<&str> = hosts.split(", ").collect();
    hosts.sort_unstable();
    let item = if item.is_empty() { String::new() } else { format!(" => {item}") };
    format!("included: {file} for {}{item}\n", hosts.join(", "))
}
