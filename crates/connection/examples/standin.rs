//! A stand-in for the helper, for tests: speaks the protocol and knows a few modules that do nothing but answer.

use std::{
    collections::HashMap,
    io::{Read, Write},
    process::ExitCode,
};

use protocol::{
    Outcome,
    frame::{self, FromHelper, Hello, ToHelper},
    invocation::Content,
};

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn say(frame: &FromHelper) -> std::io::Result<()> {
    let bytes = frame::encode(frame).map_err(std::io::Error::other)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&bytes)?;
    out.flush()
}

fn hear() -> std::io::Result<Option<ToHelper>> {
    let mut input = std::io::stdin().lock();
    let mut prefix = [0; 4];
    if let Err(error) = input.read_exact(&mut prefix) {
        return if error.kind() == std::io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let mut bytes = vec![0; frame::decode_length(prefix).map_err(std::io::Error::other)?];
    input.read_exact(&mut bytes)?;
    frame::decode(&bytes).map(Some).map_err(std::io::Error::other)
}

fn serve() -> std::io::Result<()> {
    let home = std::env::var("HOME").unwrap_or_default();
    let uid = rustix::process::getuid().as_raw();
    say(&FromHelper::Hello(Hello { protocol: frame::VERSION, pid: std::process::id(), uid, home }))?;
    let mut contents: HashMap<u32, usize> = HashMap::new();
    let mut files: HashMap<u32, u32> = HashMap::new();
    while let Some(order) = hear()? {
        match order {
            ToHelper::Run { id, invocation, .. } => match (invocation.module.as_str(), &invocation.content) {
                ("die", _) => {
                    std::io::stderr().write_all(b"out of luck")?;
                    std::process::exit(7);
                }
                // Answers only when it is cancelled.
                ("hang", _) => {}
                ("send", _) => drop(files.insert(id, 40)),
                ("refuse", _) => say(&FromHelper::NotRun { id })?,
                (_, Some(Content::OnRequest { .. })) => {
                    contents.insert(id, 0);
                    say(&FromHelper::NeedContent { id })?;
                }
                (_, Some(Content::Inline(bytes))) => {
                    done(id, Outcome::changed(true).with("length", bytes.len() as u64))?
                }
                _ => done(id, Outcome { values: invocation.arguments, ..Outcome::changed(false) })?,
            },
            ToHelper::Content { id, bytes } if bytes.is_empty() => {
                let length = contents.remove(&id).unwrap_or_default();
                done(id, Outcome::changed(true).with("length", length as u64))?;
            }
            ToHelper::Content { id, bytes } => *contents.entry(id).or_default() += bytes.len(),
            ToHelper::ContentFailed { id, reason } => done(id, Outcome::failure(reason))?,
            ToHelper::Cancel { id } => done(id, Outcome::failure("cancelled"))?,
            ToHelper::Credit { id, chunks } => {
                let left = files.remove(&id).unwrap_or_default();
                let now = left.min(chunks);
                for _ in 0..now {
                    say(&FromHelper::Chunk { id, bytes: vec![b'x'; 1000] })?;
                }
                if left == now {
                    say(&FromHelper::Chunk { id, bytes: Vec::new() })?;
                    done(id, Outcome::changed(false))?;
                } else {
                    files.insert(id, left - now);
                }
            }
        }
    }
    Ok(())
}

fn done(id: u32, outcome: Outcome) -> std::io::Result<()> {
    say(&FromHelper::Done { id, outcome: Box::new(outcome) })
}
