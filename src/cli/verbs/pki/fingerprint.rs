//! `provision pki fingerprint`.

use clap::Args;
use pki::words;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    Verb,
    files::{self, Object},
    form::{Done, Form, Format},
};
use crate::cli::{Result, terminal::Terminal};

/// How many words stand on a line.
const WORDS: usize = 8;

/// Print the SHA-256 of certificates, requests and lists, as digits and as words to be read aloud (the PGP word list)
///
/// Of a certificate, request or list it is that of its DER form, whatever form the file has; of any other file that of its
/// bytes.
///
/// Example: provision pki fingerprint root.pem
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        match files::objects(&self.file) {
            Ok(objects) => found.extend(objects.iter().map(|object| match object {
                Object::Certificate(one) => (one.label(), one.der().to_vec()),
                Object::Request(one) => (one.label(), one.der().to_vec()),
                Object::List(one) => (one.label(), one.der().to_vec()),
            })),
            // Of standard input nothing is left to be read again.
            Err(error) if self.file == "-" => return Err(error.into()),
            Err(_) => found.push((self.file.clone(), files::read(&self.file)?)),
        }
        let (mut lines, mut values) = (Vec::new(), Vec::new());
        for (label, bytes) in found {
            let digest: [u8; 32] = Sha256::digest(&bytes).into();
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let read_aloud = words::of(&digest);
            lines.push(format!("{label}\n  {hex}"));
            lines.extend(read_aloud.chunks(WORDS).map(|words| format!("  {}", words.join(" "))));
            values.push(json!({"object": label, "sha256": hex, "words": read_aloud}));
        }
        Ok(Done::well(lines.join("\n"), json!({"fingerprints": values})))
    }
}
