//! `ping`: the host can be reached and answers.

use crate::prelude::*;

/// Try to connect to a host and return `pong`.
///
/// It does no network ping: it verifies that the host can be logged in to and that modules run there.
#[derive(Debug, Arguments)]
pub struct PingArgs {
    /// What to return as `ping`. With `crash` the module fails.
    #[arg(default = "pong")]
    data: String,
}

/// The module.
pub struct Ping;

impl Module for Ping {
    type Args = PingArgs;
    const NAME: &'static str = "ping";
    const EXAMPLES: &'static str = "\
- name: See whether the host answers
  ansible.builtin.ping:
";

    fn run(args: PingArgs, _ctx: &mut Context) -> Result<Outcome, Failure> {
        if args.data == "crash" {
            return Err(Failure::raised("boom", None));
        }
        Ok(Outcome::default().with("ping", args.data))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::run;

    #[test]
    fn it_answers_pong_and_does_not_speak_of_changes() {
        let outcome = run("ping", json!({}));
        assert_eq!(outcome.values["ping"], "pong".into());
        assert_eq!(outcome.changed, None);
    }

    #[test]
    fn an_unknown_option_is_refused_in_ansibles_words() {
        assert_eq!(
            run("ping", json!({"foo": 1})).msg.unwrap(),
            "Unsupported parameters for (ping) module: foo. Supported parameters include: data."
        );
    }
}
