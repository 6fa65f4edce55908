//! A program without its tables for unwinding, as the helper is sent, still says why it ended.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Output},
};

#[path = "../build/unwinding.rs"]
mod unwinding;

/// Panics in a thread, as the helper's calls run, with the hooks that the helper sets: to report, and to clean up.
const PROGRAM: &str = concat!(
    "#[path = \"",
    env!("CARGO_MANIFEST_DIR"),
    "/crates/helper/src/panics.rs\"]\nmod panics;\n",
    r#"
fn main() {
    panics::report_without_tables();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        report(info);
        eprintln!("cleaned up");
    }));
    let _ = std::thread::Builder::new().name("copy 7".into()).spawn(|| panic!("a bug")).map(|thread| thread.join());
}
"#
);

/// Builds it as the helper is built: static, without unwinding.
fn build(program: &Path) {
    let source = program.with_extension("rs");
    fs::write(&source, PROGRAM).expect("the source can be written");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "-Cpanic=abort", "-Ctarget-feature=+crt-static", "-Cstrip=symbols", "-o"])
        .args([program, &source])
        .output()
        .expect("rustc can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn run(program: &Path, backtrace: &str) -> Output {
    Command::new(program).env("RUST_BACKTRACE", backtrace).output().expect("the program can be started")
}

#[test]
fn a_panic_is_reported_and_ends_the_program_also_where_a_backtrace_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("panics");
    build(&program);
    let mut bytes = fs::read(&program).expect("the program is there");
    let cleared = unwinding::clear(&mut bytes).expect("it is an ELF program");
    assert!(cleared > 10_000, "the tables of the standard library are larger than {cleared} bytes");
    fs::write(&program, bytes).expect("the program can be written");
    for backtrace in ["0", "1", "full"] {
        let output = run(&program, backtrace);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.starts_with("provision-helper: thread 'copy 7' panicked at "), "{said}");
        assert!(said.ends_with("a bug\ncleaned up\n"), "{said}");
        assert_eq!(output.status.signal(), Some(6), "{:?}", output.status);
    }
}

#[test]
fn a_file_that_is_no_program_is_refused_and_a_damaged_one_does_no_harm() {
    assert!(unwinding::clear(&mut b"#!/bin/sh\n".to_vec()).is_err());
    let mut damaged = fs::read("/proc/self/exe").expect("this test's program");
    damaged.truncate(damaged.len() / 2);
    assert!(unwinding::clear(&mut damaged).is_err());
}
