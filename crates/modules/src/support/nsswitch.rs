//! Which sources the system asks for a kind of names: nsswitch.conf(5).

use std::fs;

/// The sources of a database (`passwd`, `hosts`) in their order; `None` where the file does not say.
#[must_use]
pub fn sources(database: &str) -> Option<Vec<String>> {
    let text = fs::read("/etc/nsswitch.conf").ok()?;
    parse(&String::from_utf8_lossy(&text), database)
}

fn parse(text: &str, database: &str) -> Option<Vec<String>> {
    text.lines().find_map(|line| {
        let (name, sources) = line.split('#').next()?.split_once(':')?;
        let sources = sources.split_whitespace().filter(|word| !word.starts_with('['));
        (name.trim() == database).then(|| sources.map(str::to_owned).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_without_actions_and_comments() {
        let text = "# hosts: nis\npasswd: files systemd # more\nhosts:  files [NOTFOUND=return] dns\n";
        assert_eq!(parse(text, "hosts").unwrap(), ["files", "dns"]);
        assert_eq!(parse(text, "passwd").unwrap(), ["files", "systemd"]);
        assert_eq!(parse(text, "group"), None);
    }
}
