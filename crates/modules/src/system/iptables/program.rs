//! iptables(8) or ip6tables(8), as it is called for one chain.

use super::IptablesArgs;
use crate::{prelude::*, support::command::Output};

/// The first version that knows `-w`.
const HAS_WAIT: [u64; 3] = [1, 4, 20];
/// The first version whose `-w` takes seconds.
const HAS_SECONDS: [u64; 3] = [1, 6, 0];

/// One of the two programs.
pub(super) struct Program {
    path: String,
}

/// How much of `wait` a program understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// It does not know the option.
    Unknown,
    /// It knows the option without a number, which Ansible does not use.
    Endless,
    /// It takes seconds.
    Seconds,
}

impl Program {
    /// The program of that name.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub(super) fn find(name: &str, ctx: &Context) -> Result<Self, Failure> {
        Ok(Self { path: ctx.require_bin(name)? })
    }

    /// What its version says about `wait`.
    ///
    /// # Errors
    ///
    /// It does not tell its version.
    pub(super) fn wait(&self, ctx: &Context) -> Result<Wait, Failure> {
        let argv = [self.path.as_str(), "--version"];
        let output = ctx.command(argv).run()?.checked(&argv)?;
        wait_of(&output.stdout_text()).ok_or_else(|| Failure::raised("list index out of range", None))
    }

    /// Does something to the chain, with these words behind it.
    ///
    /// # Errors
    ///
    /// It ends badly.
    pub(super) fn act(
        &self,
        action: &str,
        args: &IptablesArgs,
        words: &[String],
        ctx: &Context,
    ) -> Result<Output, Failure> {
        let argv = self.argv(action, args, words, ctx);
        ctx.command(&argv).run()?.checked(&argv)
    }

    /// Whether it does something to the chain without a complaint.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(super) fn succeeds(
        &self,
        action: &str,
        args: &IptablesArgs,
        words: &[String],
        ctx: &Context,
    ) -> Result<bool, Failure> {
        Ok(ctx.command(self.argv(action, args, words, ctx)).run()?.success())
    }

    fn argv(&self, action: &str, args: &IptablesArgs, words: &[String], ctx: &Context) -> Vec<String> {
        let mut argv = vec![self.path.clone(), "-t".to_owned(), args.table.name().to_owned(), action.to_owned()];
        argv.extend(args.chain.clone());
        let filled = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
        if action == "-I" {
            argv.extend(filled(&args.rule_num));
        }
        if let Some(wait) = filled(&args.wait) {
            argv.extend(["-w".to_owned(), wait]);
        }
        argv.extend_from_slice(words);
        argv.iter().map(|word| ctx.expand(word)).collect()
    }
}

/// Reads `iptables v1.8.9 (nf_tables)`.
fn wait_of(said: &str) -> Option<Wait> {
    let version = said.split('v').nth(1)?;
    let end = version.find(|letter: char| letter != '.' && !letter.is_ascii_digit()).unwrap_or(version.len());
    let (numbers, _) = version.split_at(end);
    let numbers: Vec<u64> = numbers.split('.').filter_map(|number| number.parse().ok()).collect();
    Some(if numbers.as_slice() < HAS_WAIT.as_slice() {
        Wait::Unknown
    } else if numbers.as_slice() < HAS_SECONDS.as_slice() {
        Wait::Endless
    } else {
        Wait::Seconds
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_says_what_wait_may_have() {
        assert_eq!(wait_of("iptables v1.4.7\n"), Some(Wait::Unknown));
        assert_eq!(wait_of("iptables v1.4.20\n"), Some(Wait::Endless));
        assert_eq!(wait_of("iptables v1.6.0\n"), Some(Wait::Seconds));
        assert_eq!(wait_of("ip6tables v1.8.9 (nf_tables)\n"), Some(Wait::Seconds));
        assert_eq!(wait_of("nothing\n"), None);
    }
}
