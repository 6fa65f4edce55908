//! Outside judges; Debian's openssl.

use super::*;

#[test]
fn openssl_reads_containers() {
    let desk = Desk::new();
    desk.issue("nginx", &["--host", "web1.example.org", "--san", "web1.example.org"]).says(0, &[]);
    private(&desk.path("passphrase"), "open sesame");
    let container = ["export", "nginx", "--format", "p12", "--passphrase-file", "passphrase"];
    desk.run(&[&container[..], &["--key", "nginx.key", "--out", "nginx.p12"]].concat()).says(0, &[]);
    desk.run(&[&container[..], &["--out", "trust.p12"]].concat()).says(0, &[]);
    let read = |file: &str, more: &[&str]| {
        desk.openssl(&[&["pkcs12", "-in", file, "-passin", "file:passphrase"][..], more].concat())
    };
    let (works, words) = read("nginx.p12", &["-nodes", "-info"]);
    assert!(works, "{words}");
    for word in ["friendlyName: nginx", "AES-256-CBC", "MAC: sha256", desk.read("nginx.key").trim_end()] {
        assert!(words.contains(word), "{word:?} is not said: {words}");
    }
    assert_eq!(words.matches("BEGIN CERTIFICATE").count(), 2, "{words}");
    let (works, words) = read("trust.p12", &["-nokeys"]);
    assert!(works, "{words}");
    assert_eq!(words.matches("BEGIN CERTIFICATE").count(), 2, "{words}");
    assert!(words.contains("Trusted key usage (Oracle)") || words.contains("2.16.840.1.113894.746875.1.1"), "{words}");
    let (works, _) = desk.openssl(&["pkcs12", "-in", "nginx.p12", "-passin", "pass:wrong", "-nodes"]);
    assert!(!works);
}

#[test]
fn openssl_agrees_on_what_holds_and_on_what_is_revoked() {
    let desk = Desk::new();
    for (service, role) in [("nginx", "server"), ("agent", "client"), ("redis", "both")] {
        desk.issue(service, &["--san", &format!("{service}.example.org"), "--role", role]).says(0, &[]);
    }
    desk.at(NOW, &["trust", "bundle", "--out", "root.pem"]).says(0, &[]);
    let verdicts = |more: &str| {
        desk.at(NOW, &["crl", "show", "--bundle", "both.crl"]).says(0, &[]);
        for (service, server, client) in [("nginx", true, false), ("agent", false, true), ("redis", true, true)] {
            for (purpose, ours, expected) in [("sslserver", "server", server), ("sslclient", "client", client)] {
                let expected = expected && more != service;
                let file = format!("{service}.pem");
                // 2026-11-25T19:00:00Z
                let (holds, words) = desk.openssl(&[
                    "verify",
                    "-x509_strict",
                    "-purpose",
                    purpose,
                    "-attime",
                    "1795633200",
                    "-crl_check_all",
                    "-CRLfile",
                    "both.crl",
                    "-CAfile",
                    "root.pem",
                    "-untrusted",
                    &file,
                    &file,
                ]);
                assert_eq!(holds, expected, "{service} {purpose} {words}");
                desk.at(NOW, &["verify", &file, "--purpose", ours]).says(if expected { 0 } else { 4 }, &[]);
            }
        }
    };
    verdicts("");
    desk.at(NOW, &["revoke", "redis", "--reason", "keyCompromise"]).says(0, &[]);
    desk.signed(&["crl", "build"]).says(0, &[]);
    verdicts("redis");
}

#[test]
fn a_key_that_is_made_belongs_to_its_certificate() {
    let desk = Desk::new();
    for key in ["p256", "p384", "rsa3072"] {
        desk.issue(key, &["--san", "web.example.org", "--key", key]).says(0, &[]);
        let (_, of_key) = desk.openssl(&["pkey", "-in", &format!("{key}.key"), "-pubout"]);
        let (_, of_certificate) = desk.openssl(&["x509", "-in", &format!("{key}.pem"), "-noout", "-pubkey"]);
        assert!(of_key.contains("BEGIN PUBLIC KEY"), "{of_key}");
        assert_eq!(of_key, of_certificate, "{key}");
    }
}

#[test]
fn requests_of_openssl_for_an_authority_for_other_names_or_with_weak_keys_are_refused() {
    let desk = Desk::new();
    let request = |file: &str, algorithm: &[&str], more: &[&str]| {
        let arguments =
            [&["req", "-new", "-newkey"], algorithm, &["-nodes", "-keyout", "k", "-out", file, "-subj", "/CN=x"], more];
        let (made, words) = desk.openssl(&arguments.concat());
        assert!(made, "{words}");
    };
    let p256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    request("good.csr", &p256, &["-addext", "subjectAltName=DNS:web.example.org"]);
    request("ca.csr", &p256, &["-addext", "basicConstraints=critical,CA:TRUE"]);
    request("more.csr", &p256, &["-addext", "subjectAltName=DNS:web.example.org,DNS:admin.example.org"]);
    request("weak.csr", &["rsa:1024"], &[]);
    request("small.csr", &["rsa:2048"], &[]);
    request("curve.csr", &["ec", "-pkeyopt", "ec_paramgen_curve:secp521r1"], &[]);
    request("ed.csr", &["ed25519"], &[]);
    let issue = |file: &str, more: &[&str]| {
        desk.signed(&[&["issue", "web", "--san", "web.example.org", "--csr", file, "--out", "web.pem"], more].concat())
    };
    issue("ca.csr", &[]).says(3, &["it asks for CA:TRUE", "a service is no authority"]);
    issue("more.csr", &[]).says(3, &["admin.example.org", "the operator names, not the request"]);
    issue("weak.csr", &["--key", "rsa3072"]).says(2, &["its modulus has 1024 bits"]);
    issue("small.csr", &["--key", "rsa3072"]).says(3, &["its key is RSA-2048"]);
    issue("curve.csr", &[]).says(2, &["is not known here"]);
    issue("ed.csr", &[]).says(3, &["its key is Ed25519"]);
    issue("ed.csr", &["--key", "ed25519"]).says(0, &[]);
    issue("good.csr", &[]).says(0, &[]);
    desk.run(&["lint", "ca.csr"]).says(4, &["it asks for CA:TRUE"]);
    let mut damaged = fs::read(desk.path("good.csr")).unwrap();
    damaged.truncate(damaged.len() / 2);
    fs::write(desk.path("cut.csr"), damaged).unwrap();
    issue("cut.csr", &[]).says(2, &["signing request"]);
}

/// The whole way of an intermediate, with openssl in the place of the root's ceremony.
#[test]
fn an_intermediate_that_openssl_signed_is_installed_and_issues_only_if_it_is_what_was_asked_for() {
    let desk = Desk::bare();
    desk.init(&["--rehearsal"]).says(0, &[]);
    desk.run(&["intermediate", "csr", "services-1", "--recipient", &desk.recipient, "--out", "int.csr"]).says(0, &[]);
    let openssl = |arguments: &[&str]| {
        let (done, words) = desk.openssl(arguments);
        assert!(done, "{words}");
    };
    openssl(&["ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "root.key"]);
    openssl(&[
        "req",
        "-x509",
        "-new",
        "-key",
        "root.key",
        "-sha384",
        "-days",
        "3650",
        "-subj",
        "/C=DE/O=Example/CN=Example Root CA",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        "-out",
        "root.pem",
    ]);
    let sign = |out: &str, path_length: &str, constraints: &str| {
        let text = format!(
            "basicConstraints=critical,CA:TRUE{path_length}\nkeyUsage=critical,keyCertSign,cRLSign\n\
             extendedKeyUsage=serverAuth,clientAuth\nnameConstraints=critical,{constraints}\nsubjectKeyIdentifier=hash\n\
             authorityKeyIdentifier=keyid:always\ncrlDistributionPoints=URI:http://pki.example.org/root.crl\n\
             authorityInfoAccess=caIssuers;URI:http://pki.example.org/root.cer\n"
        );
        fs::write(desk.path("ext"), text).unwrap();
        openssl(&[
            "x509", "-req", "-in", "int.csr", "-CA", "root.pem", "-CAkey", "root.key", "-sha384", "-days", "1800",
            "-extfile", "ext", "-out", out,
        ]);
    };
    let right = "permitted;DNS:example.org,permitted;IP:10.0.0.0/255.0.0.0,excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0";
    sign("long.pem", "", right);
    sign("wide.pem", ",pathlen:0", "permitted;DNS:org");
    sign("int.pem", ",pathlen:0", right);
    desk.run(&["intermediate", "install", "int.pem"]).says(2, &["no root is trusted in this store yet", "--root"]);
    desk.run(&["intermediate", "install", "long.pem", "--root", "root.pem"]).says(4, &["pathLenConstraint"]);
    desk.run(&["intermediate", "install", "wide.pem"]).says(3, &["nameConstraints", "not the ones of this store"]);
    desk.run(&["intermediate", "install", "int.pem"]).says(0, &["services-1", "installed"]);
    desk.run(&["intermediate", "install", "int.pem"]).says(3, &["has its certificate already"]);
    desk.run(&["crl", "build", "root", "--identity", "identity"]).says(3, &["its key is not here"]);
    desk.run(&["status"]).says(0, &["there is none: who checks lists refuses every client"]);
    desk.run(&["crl", "build", "--identity", "identity"]).says(0, &["services-1: list 1"]);
    desk.run(&["crl", "show", "--bundle", "both.crl"]).says(3, &["the list of root is missing"]);
    desk.run(&[
        "issue",
        "web",
        "--san",
        "web.example.org",
        "--key-out",
        "web.key",
        "--out",
        "web.pem",
        "--identity",
        "identity",
    ])
    .says(0, &[]);
    desk.run(&["verify", "web.pem", "--root", "root.pem", "--hostname", "web.example.org"])
        .says(0, &["revocation: not asked"]);
    openssl(&[
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        "root.pem",
        "-untrusted",
        "int.pem",
        "web.pem",
    ]);
}

/// Debian's `script` gives the program a terminal to ask at.
#[test]
fn a_passphrase_that_is_typed_seals_and_opens_and_is_not_echoed() {
    let desk = Desk::bare();
    let is_prompt = |line: &str| ["New pass", "The same", "Passphrase of"].iter().any(|word| line.starts_with(word));
    let type_in = |arguments: &str, typed: &[&str]| {
        let command = format!("{} pki {arguments}", env!("CARGO_BIN_EXE_provision"));
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(desk.folder.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut out, mut typed, mut prompts) = (Vec::new(), typed.iter(), 0);
        let mut letter = [0];
        while screen.read(&mut letter).unwrap() == 1 {
            out.push(letter[0]);
            // Each line is typed when it is asked for, as a person does.
            if out.ends_with(b": ")
                && String::from_utf8_lossy(&out).lines().filter(|line| is_prompt(line)).count() > prompts
            {
                prompts += 1;
                if let Some(line) = typed.next() {
                    keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
                }
            }
        }
        Answer {
            code: child.wait().unwrap().code().unwrap_or(-1),
            out: String::from_utf8_lossy(&out).into_owned(),
            err: String::new(),
        }
    };
    let init = "init pki --rehearsal --chain --organization Example --url http://pki.example.org/ --dns example.org";
    type_in(init, &["short"]).says(3, &["it is taken for 11 bits, and 64 are asked for"]);
    type_in(init, &["correct horse battery staple"]).says(3, &["it is taken for 44 bits"]);
    type_in(init, &["lamp orbit velvet cactus ridge foam", "lamp orbit velvet cactus ridge form"])
        .says(2, &["the two are not the same"]);
    let phrase = "lamp orbit velvet cactus ridge staple";
    let made = type_in(init, &[phrase, phrase]);
    made.says(0, &["New passphrase:", "The same again:", "trust it nowhere"]);
    let wrong = type_in("crl build", &["wrong horse battery staple"]);
    wrong.says(2, &["the passphrase is wrong, or the file was changed"]);
    let right = type_in("crl build", &[phrase]);
    assert!([&made, &wrong, &right].iter().all(|said| !said.out.contains("staple")), "nothing typed is echoed");
    right.says(0, &["Passphrase of the key of services-1:", "services-1: list 2"]);
    desk.run(&["crl", "build", "--identity", "identity"]).says(2, &["is sealed with a passphrase"]);
    desk.run(&["log", "verify"]).says(0, &["whole"]);
}
