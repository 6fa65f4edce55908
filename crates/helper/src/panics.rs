//! What a bug of ours says last: one line, and no way through the stack.
//!
//! The released helper carries no tables for unwinding (`build/unwinding.rs`). The standard library's own report would look
//! for them where the host's environment sets `RUST_BACKTRACE`, and the program would end there, before it has cleaned
//! up.

use std::{io::Write, panic, thread};

/// Reports panics from now on without the tables for unwinding.
pub fn report_without_tables() {
    panic::set_hook(Box::new(|info| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("without a name");
        // Nobody may be left to read it.
        let _ = writeln!(std::io::stderr(), "provision-helper: thread '{name}' {info}");
    }));
}
