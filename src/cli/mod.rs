//! The command line, one file a verb; error kinds become exit codes here.

pub mod diagnostics;
