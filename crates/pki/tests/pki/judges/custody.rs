//! Custody and records before outside judges: shamir-mnemonic, ssh-keygen, openssl.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use pki::{
    ceremony::{
        sshsig::{NAMESPACE, ThrowAway, WitnessKey},
        transcript::CONTEXT,
    },
    random::SystemRandom,
    slip39::{Share, recover, split},
};

use super::folder;
use crate::support::meeting::MadeRoot;

/// What shamir-mnemonic makes of a Python line; what it refuses is a failure.
fn python(line: &str, input: &str) -> Result<String, String> {
    let mut child = Command::new(folder().join("bin/python"))
        .args(["-c", &format!("import sys, shamir_mnemonic as s\nlines = sys.stdin.read().splitlines()\n{line}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    if said.status.success() { Ok(text(said.stdout)) } else { Err(text(said.stderr)) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn shamir_mnemonic_recovers_from_any_three_of_our_five_and_refuses_two() {
    let secret: [u8; 32] = std::array::from_fn(|at| (at * 7) as u8);
    let words: Vec<_> =
        split(&secret, 3, 5, &mut SystemRandom).unwrap().iter().map(|share| share.to_words().to_string()).collect();
    for skip in [[0, 1], [0, 4], [1, 3], [3, 4], [2, 3]] {
        let three: Vec<_> = (0..5).filter(|at| !skip.contains(at)).map(|at| words[at].as_str()).collect();
        assert_eq!(python("print(s.combine_mnemonics(lines).hex())", &three.join("\n")).unwrap(), hex(&secret));
    }
    let refusal = python("print(s.combine_mnemonics(lines).hex())", &words[..2].join("\n")).unwrap_err();
    assert!(refusal.contains("MnemonicError"), "{refusal}");
}

#[test]
fn shares_of_shamir_mnemonic_are_recovered_here() {
    for extendable in ["True", "False"] {
        let line = format!(
            "print('\\n'.join(s.generate_mnemonics(1, [(3, 5)], bytes.fromhex(lines[0]), extendable={extendable})[0]))"
        );
        let secret = "00112233445566778899aabbccddeeff".repeat(2);
        let made = python(&line, &secret).unwrap();
        let shares: Vec<_> = made.lines().skip(2).map(|line| Share::parse(line.as_bytes()).unwrap()).collect();
        assert_eq!(hex(&recover(&shares).unwrap()), secret);
        assert!(recover(&shares[1..]).is_err());
    }
}

#[test]
fn ssh_keygen_and_we_take_each_others_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("transcript"), "what happened\n").unwrap();
    let keygen = |arguments: &[&str]| {
        let input = fs::File::open(at("transcript")).unwrap();
        let said = Command::new("ssh-keygen").args(arguments).stdin(input).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    };
    // Theirs, read here.
    keygen(&["-q", "-t", "ed25519", "-N", "", "-C", "grace", "-f", &at("grace")]);
    keygen(&["-Y", "sign", "-n", NAMESPACE, "-f", &at("grace"), &at("transcript")]);
    let theirs = WitnessKey::parse(&fs::read_to_string(at("grace.pub")).unwrap()).unwrap();
    let signature = fs::read(at("transcript.sig")).unwrap();
    theirs.verify("Grace", b"what happened\n", &signature).unwrap();
    assert!(theirs.verify("Grace", b"what did not\n", &signature).is_err());
    fs::remove_file(at("transcript.sig")).unwrap();
    keygen(&["-Y", "sign", "-n", "file", "-f", &at("grace"), &at("transcript")]);
    let refusal = theirs.verify("Grace", b"what happened\n", &fs::read(at("transcript.sig")).unwrap()).unwrap_err();
    assert!(refusal.to_string().contains("another purpose"), "{refusal}");
    // Ours, read there.
    let ours = ThrowAway::generate(&mut SystemRandom).unwrap();
    fs::write(at("ours.sig"), ours.sign(b"what happened\n")).unwrap();
    fs::write(at("signers"), format!("grace {}\n", ours.key())).unwrap();
    keygen(&["-Y", "verify", "-n", NAMESPACE, "-I", "grace", "-f", &at("signers"), "-s", &at("ours.sig")]);
}

#[test]
fn openssl_verifies_the_roots_signature_over_a_transcript_and_sha256sum_the_manifest() {
    let root = MadeRoot::new();
    let record = root.table.record();
    let at = |name: &str| record.join(name).to_str().unwrap().to_owned();
    let judge = |command: &mut Command| {
        let said = command.current_dir(&record).output().unwrap();
        assert!(
            said.status.success(),
            "{}{}",
            String::from_utf8_lossy(&said.stdout),
            String::from_utf8_lossy(&said.stderr)
        );
        said.stdout
    };
    let openssl = folder().join("bin/openssl");
    let key = judge(Command::new(&openssl).args(["x509", "-in", &at("root.pem"), "-noout", "-pubkey"]));
    let outside = tempfile::tempdir().unwrap();
    let [key_file, message] = ["key", "message"].map(|name| outside.path().join(name).to_str().unwrap().to_owned());
    fs::write(&key_file, key).unwrap();
    fs::write(&message, [CONTEXT, &root.table.read("transcript.jsonl")].concat()).unwrap();
    let signature = at("transcript.jsonl.root.sig");
    judge(Command::new(&openssl).args(["dgst", "-sha384", "-verify", &key_file, "-signature", &signature, &message]));
    judge(Command::new("sha256sum").args(["--check", "--strict", "MANIFEST.sha256"]));
}
