//! Becoming another user: the command line, the password prompt, and what a refusal looks like.
//!
//! Source: Ansible documentation, the become plugins `sudo` and `su`.

use crate::{
    error::ConnectError,
    quote::quote,
    target::{Become, BecomeMethod},
};

/// What sudo asks with, so that its question is never mistaken for other text.
const SUDO_PROMPT: &str = "[sudo via provision] password:";

/// The command that runs `command` under `shell` as the other user, in a user's shell line.
pub(crate) fn wrap(become_: &Become, shell: &str, command: &str) -> String {
    let exe = become_.exe.as_deref().unwrap_or(become_.method.name());
    let inner = format!("{} -c {}", quote(shell), quote(command));
    match become_.method {
        BecomeMethod::Sudo => {
            let flags = become_.flags.as_deref().unwrap_or("-H -S -n");
            let flags = if become_.password.is_some() { with_prompt(flags) } else { flags.to_owned() };
            format!("{exe} {flags} -u {} {inner}", quote(&become_.user))
        }
        BecomeMethod::Su => {
            let flags = become_.flags.as_deref().unwrap_or("");
            format!("{exe} {flags} {} -c {}", quote(&become_.user), quote(&inner))
        }
    }
}

/// sudo's options without `-n`, and with our prompt on standard error, from standard input.
fn with_prompt(flags: &str) -> String {
    let mut kept = String::new();
    for flag in flags.split_whitespace() {
        // `-n` may stand in a group of letters (`-nH`).
        let flag = match flag.strip_prefix('-').filter(|rest| !rest.starts_with('-') && rest.contains('n')) {
            Some(letters) if letters.chars().all(|c| "nHSEAbkKPs".contains(c)) => {
                format!("-{}", letters.replace('n', ""))
            }
            _ => flag.to_owned(),
        };
        if flag != "-" && flag != "--non-interactive" {
            kept.push_str(&flag);
            kept.push(' ');
        }
    }
    if !kept.split_whitespace().any(|flag| flag == "-S") {
        kept.push_str("-S ");
    }
    format!("{kept}-p {}", quote(SUDO_PROMPT))
}

/// What to do at a piece of what the host said before the helper began.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    Nothing,
    SendPassword,
    Fail(String),
}

/// Follows what sudo or su say.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    become_: &'a Become,
    host: &'a str,
    heard: usize,
    sent: bool,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(become_: &'a Become, host: &'a str) -> Self {
        Self { become_, host, heard: 0, sent: false }
    }

    /// Looks at all that was said so far, on one stream.
    pub(crate) fn hear(&mut self, said: &str) -> Reaction {
        let name = self.become_.method.name();
        let new = said.get(self.heard..).unwrap_or_default();
        let asked = match self.become_.method {
            BecomeMethod::Sudo => new.find(SUDO_PROMPT).map(|at| at.saturating_add(SUDO_PROMPT.len())),
            BecomeMethod::Su => su_prompt(new),
        };
        if let Some(end) = asked {
            self.heard = self.heard.saturating_add(end);
            if self.sent {
                return Reaction::Fail(format!("Incorrect {name} password"));
            }
            if self.become_.password.is_none() {
                return Reaction::Fail(format!("Missing {name} password"));
            }
            self.sent = true;
            return Reaction::SendPassword;
        }
        match refusal(self.become_.method, new, self.sent) {
            Some(Refusal::Incorrect) => Reaction::Fail(format!("Incorrect {name} password")),
            Some(Refusal::Missing) => Reaction::Fail(format!("Missing {name} password")),
            None => Reaction::Nothing,
        }
    }

    /// The error of a become that failed.
    pub(crate) fn error(&self, message: String) -> ConnectError {
        ConnectError::Become { host: self.host.to_owned(), message }
    }
}

enum Refusal {
    Incorrect,
    Missing,
}

fn refusal(method: BecomeMethod, said: &str, sent: bool) -> Option<Refusal> {
    match method {
        BecomeMethod::Sudo => {
            if said.contains("Sorry, try again.") || said.contains("incorrect password attempt") {
                Some(Refusal::Incorrect)
            } else if said.contains("Sorry, a password is required to run sudo")
                || said.contains("sudo: a password is required")
                || said.contains("sudo: interactive authentication is required")
            {
                Some(Refusal::Missing)
            } else {
                None
            }
        }
        BecomeMethod::Su => {
            let failed = ["Authentication failure", "incorrect password", "su: Sorry", "Incorrect password"];
            failed.iter().any(|text| said.contains(text)).then_some(if sent {
                Refusal::Incorrect
            } else {
                Refusal::Missing
            })
        }
    }
}

/// Where su's question ends in `said`, in any language that Ansible knows: a known word at the start of the last
/// line, then a colon.
fn su_prompt(said: &str) -> Option<usize> {
    const WORDS: &[&str] = &[
        "Password",
        "암호",
        "パスワード",
        "Adgangskode",
        "Contraseña",
        "Contrasenya",
        "Hasło",
        "Heslo",
        "Jelszó",
        "Lösenord",
        "Mật khẩu",
        "Mot de passe",
        "Parola",
        "Parool",
        "Pasahitza",
        "Passord",
        "Passwort",
        "Salasana",
        "Sandi",
        "Senha",
        "Wachtwoord",
        "ססמה",
        "Лозинка",
        "Парола",
        "Пароль",
        "गुप्तशब्द",
        "शब्दकूट",
        "సంకేతపదము",
        "හස්පදය",
        "密码",
        "密碼",
        "口令",
    ];
    let line = said.rsplit('\n').next().unwrap_or(said).trim_end();
    let question = line.ends_with(':') || line.ends_with('：');
    let known = || WORDS.iter().any(|word| line.to_lowercase().contains(&word.to_lowercase()));
    (question && known()).then_some(said.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_password(mut become_: Become) -> Become {
        become_.password = Some("x".into());
        become_
    }

    #[test]
    fn sudo_without_a_password_never_waits_for_one() {
        assert_eq!(wrap(&Become::sudo("root"), "/bin/sh", "id -u"), "sudo -H -S -n -u root /bin/sh -c 'id -u'");
    }

    #[test]
    fn sudo_with_a_password_asks_with_our_prompt() {
        let line = wrap(&with_password(Become::sudo("root")), "/bin/sh", "id");
        assert_eq!(line, "sudo -H -S -p '[sudo via provision] password:' -u root /bin/sh -c id");
    }

    #[test]
    fn su_quotes_the_command_twice() {
        assert_eq!(wrap(&Become::su("bob"), "/bin/sh", "id -u"), r#"su  bob -c '/bin/sh -c '"'"'id -u'"'"''"#);
    }

    #[test]
    fn a_second_question_means_that_the_password_was_wrong() {
        let become_ = with_password(Become::sudo("root"));
        let mut talk = Conversation::new(&become_, "h");
        let first = SUDO_PROMPT.to_owned();
        assert_eq!(talk.hear(&first), Reaction::SendPassword);
        assert_eq!(talk.hear(&first), Reaction::Nothing);
        let second = format!("{first}\nSorry, try again.\n{SUDO_PROMPT}");
        assert_eq!(talk.hear(&second), Reaction::Fail("Incorrect sudo password".into()));
    }

    #[test]
    fn sudo_that_needs_a_password_which_nobody_gave_says_so() {
        let become_ = Become::sudo("root");
        let mut talk = Conversation::new(&become_, "h");
        assert_eq!(talk.hear("sudo: a password is required\n"), Reaction::Fail("Missing sudo password".into()));
    }

    #[test]
    fn su_asks_in_many_languages() {
        for prompt in ["Password: ", "Passwort: ", "Mot de passe : ", "bob's Password:"] {
            let become_ = with_password(Become::su("bob"));
            assert_eq!(Conversation::new(&become_, "h").hear(prompt), Reaction::SendPassword, "{prompt}");
        }
    }

    #[test]
    fn su_that_refuses_after_the_password_says_incorrect() {
        let become_ = with_password(Become::su("bob"));
        let mut talk = Conversation::new(&become_, "h");
        assert_eq!(talk.hear("Password: "), Reaction::SendPassword);
        let said = "Password: \nsu: Authentication failure\n";
        assert_eq!(talk.hear(said), Reaction::Fail("Incorrect su password".into()));
    }
}
