//! File modes: octal, or chmod(1)'s symbols as Ansible reads them.

/// Every permission bit.
pub const PERMISSIONS: u32 = 0o7777;

/// A mode that is neither octal nor symbols.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mode must be in octal or symbolic form")]
pub struct ModeError {
    /// The details that Ansible gives.
    pub details: String,
}

/// The mode that `text` asks for on a file that has `current` (permission bits alone). Octal digits are taken as they
/// are, even beyond the permission bits, which the kernel then leaves out.
///
/// # Errors
///
/// [`ModeError`].
pub fn parse(text: &str, current: u32, is_directory: bool, umask: u32) -> Result<u32, ModeError> {
    match octal(text) {
        Some(mode) => Ok(mode),
        None => symbolic(text, current & PERMISSIONS, is_directory, umask),
    }
}

/// Python's `int(text, 8)`.
fn octal(text: &str) -> Option<u32> {
    let text = text.trim();
    let text = text.strip_prefix("0o").or_else(|| text.strip_prefix("0O")).unwrap_or(text);
    if text.starts_with(['+', '-']) {
        return None;
    }
    u32::from_str_radix(&text.replace('_', ""), 8).ok()
}

fn symbolic(text: &str, current: u32, is_directory: bool, umask: u32) -> Result<u32, ModeError> {
    let mut mode = current;
    for clause in text.split(',') {
        let bad = || ModeError { details: format!("bad symbolic permission for mode: {clause}") };
        let operator = |character: char| matches!(character, '+' | '-' | '=');
        let first = clause.find(operator).unwrap_or(clause.len());
        let (users, mut rest) = clause.split_at(first);
        let use_umask = users.is_empty();
        let users = if users.is_empty() || users == "a" { "ugo" } else { users };
        if !users.chars().all(|user| matches!(user, 'u' | 'g' | 'o')) {
            return Err(bad());
        }
        while let Some(sign) = rest.chars().next() {
            rest = rest.get(1..).unwrap_or_default();
            let end = rest.find(operator).unwrap_or(rest.len());
            let (permissions, after) = rest.split_at(end);
            rest = after;
            if !permissions.chars().all(|permission| "rwxXstugo".contains(permission)) {
                return Err(bad());
            }
            for user in users.chars() {
                let bits = bits_of(permissions, user, mode, is_directory, use_umask.then_some(umask));
                mode = match sign {
                    '+' => mode | bits,
                    '-' => mode & !bits,
                    _ => mode & !mask_of(user) | bits,
                };
            }
        }
    }
    Ok(mode)
}

fn shift_of(user: char) -> u32 {
    match user {
        'u' => 6,
        'g' => 3,
        _ => 0,
    }
}

fn mask_of(user: char) -> u32 {
    (0o7 << shift_of(user))
        | match user {
            'u' => 0o4000,
            'g' => 0o2000,
            _ => 0o1000,
        }
}

fn bits_of(permissions: &str, user: char, mode: u32, is_directory: bool, umask: Option<u32>) -> u32 {
    let shift = shift_of(user);
    let allowed = !umask.unwrap_or(0);
    permissions.chars().fold(0, |bits, permission| {
        bits | match permission {
            'r' => (0o4 << shift) & allowed,
            'w' => (0o2 << shift) & allowed,
            'x' => (0o1 << shift) & allowed,
            'X' if is_directory || mode & 0o111 != 0 => 0o1 << shift,
            's' if user == 'u' => 0o4000,
            's' if user == 'g' => 0o2000,
            't' if user == 'o' => 0o1000,
            'u' => ((mode >> 6) & 0o7) << shift,
            'g' => ((mode >> 3) & 0o7) << shift,
            'o' => (mode & 0o7) << shift,
            _ => 0,
        }
    })
}

/// The bits that `stat` and `find` tell one by one, by their names there.
#[must_use]
pub fn bits(mode: u32) -> [(&'static str, bool); 11] {
    [
        ("wusr", 0o200),
        ("rusr", 0o400),
        ("xusr", 0o100),
        ("wgrp", 0o020),
        ("rgrp", 0o040),
        ("xgrp", 0o010),
        ("woth", 0o002),
        ("roth", 0o004),
        ("xoth", 0o001),
        ("isuid", 0o4000),
        ("isgid", 0o2000),
    ]
    .map(|(name, bit)| (name, mode & bit != 0))
}

/// The process's umask, read without changing it, which other threads would see.
#[must_use]
pub fn umask() -> u32 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
            u32::from_str_radix(line.trim(), 8).ok()
        })
        .unwrap_or(0o022)
}

/// A mode (permission bits alone, unless more was asked for) as Ansible shows it: `0644`.
#[must_use]
pub fn show(mode: u32) -> String {
    format!("0{mode:03o}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_and_symbols_are_read() {
        for (text, current, directory, want) in [
            ("0644", 0, false, 0o644),
            ("755", 0, false, 0o755),
            ("u+rwX", 0o100, false, 0o700),
            ("u+rwX,g-w", 0o060, false, 0o640),
            ("a=rX", 0o777, true, 0o555),
            ("u=rw,g=r,o=", 0o777, false, 0o640),
            ("g=u", 0o740, false, 0o770),
            ("u+s,g+s,+t", 0o755, false, 0o7755),
            ("+x", 0o644, false, 0o755),
            ("u=rw-x+X", 0o711, false, 0o711),
        ] {
            assert_eq!(parse(text, current, directory, 0o022), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_mode_is_refused_with_ansibles_words() {
        let error = parse("u+z", 0, false, 0).unwrap_err();
        assert_eq!(error.details, "bad symbolic permission for mode: u+z");
        assert_eq!(parse("100644", 0, false, 0), Ok(0o100_644));
    }
}
