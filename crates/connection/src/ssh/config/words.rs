//! The keywords of ssh_config, and what becomes of each here: used, of no effect on where and how we connect, or refused
//! because leaving it out would change where or how we connect.
//!
//! Source: ssh_config(5) of OpenSSH 10, and the keywords that it still takes from its past.

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The first value counts.
    First,
    /// All values count.
    All,
    /// The first value counts, and it is the rest of the line as it stands.
    Line,
    /// It has no effect on where and how we connect.
    Ignored,
    /// It is refused unless it says one of these.
    Refused(&'static [&'static str]),
}

/// The keywords, in lower case.
const WORDS: &[(&str, Use)] = &[
    ("addkeystoagent", Use::Ignored),
    ("addressfamily", Use::First),
    ("afstokenpassing", Use::Ignored),
    ("batchmode", Use::Ignored),
    ("bindaddress", Use::First),
    ("bindinterface", Use::Refused(&[])),
    ("canonicaldomains", Use::Ignored),
    ("canonicalizefallbacklocal", Use::Ignored),
    ("canonicalizehostname", Use::Refused(&["no", "none", "false"])),
    ("canonicalizemaxdots", Use::Ignored),
    ("canonicalizepermittedcnames", Use::Ignored),
    ("casignaturealgorithms", Use::Ignored),
    ("certificatefile", Use::All),
    ("channeltimeout", Use::Ignored),
    ("checkhostip", Use::Ignored),
    ("cipher", Use::Ignored),
    ("ciphers", Use::First),
    ("clearallforwardings", Use::Ignored),
    ("compression", Use::First),
    ("compressionlevel", Use::Ignored),
    ("connectionattempts", Use::Ignored),
    // Ansible's own timeout goes before it, as it does on the command line that Ansible makes.
    ("connecttimeout", Use::Ignored),
    ("controlmaster", Use::Ignored),
    ("controlpath", Use::Ignored),
    ("controlpersist", Use::Ignored),
    ("dynamicforward", Use::Ignored),
    ("enableescapecommandline", Use::Ignored),
    ("enablesshkeysign", Use::Ignored),
    ("escapechar", Use::Ignored),
    ("exitonforwardfailure", Use::Ignored),
    ("fallbacktorsh", Use::Ignored),
    ("fingerprinthash", Use::Ignored),
    ("forkafterauthentication", Use::Ignored),
    ("forwardagent", Use::Ignored),
    ("forwardx11", Use::Ignored),
    ("forwardx11timeout", Use::Ignored),
    ("forwardx11trusted", Use::Ignored),
    ("gatewayports", Use::Ignored),
    ("globalknownhostsfile", Use::First),
    ("gssapiauthentication", Use::Ignored),
    ("gssapiclientidentity", Use::Ignored),
    ("gssapidelegatecredentials", Use::Ignored),
    ("gssapikexalgorithms", Use::Ignored),
    ("gssapikeyexchange", Use::Ignored),
    ("gssapirenewalforcesrekey", Use::Ignored),
    ("gssapiserveridentity", Use::Ignored),
    ("gssapitrustdns", Use::Ignored),
    ("hashknownhosts", Use::First),
    ("hostbasedacceptedalgorithms", Use::Ignored),
    ("hostbasedauthentication", Use::Ignored),
    ("hostbasedkeytypes", Use::Ignored),
    ("hostkeyalgorithms", Use::First),
    ("hostkeyalias", Use::First),
    ("hostname", Use::First),
    ("identitiesonly", Use::First),
    ("identityagent", Use::First),
    ("identityfile", Use::All),
    ("ignoreunknown", Use::First),
    ("ipqos", Use::Ignored),
    ("kbdinteractiveauthentication", Use::First),
    ("kbdinteractivedevices", Use::Ignored),
    ("kexalgorithms", Use::First),
    ("knownhostscommand", Use::Refused(&["none"])),
    ("localcommand", Use::Ignored),
    ("localforward", Use::Ignored),
    ("loglevel", Use::Ignored),
    ("logverbose", Use::Ignored),
    ("macs", Use::First),
    ("nohostauthenticationforlocalhost", Use::Ignored),
    ("numberofpasswordprompts", Use::Ignored),
    ("obscurekeystroketiming", Use::Ignored),
    ("passwordauthentication", Use::First),
    ("permitlocalcommand", Use::Refused(&["no", "false"])),
    ("permitremoteopen", Use::Ignored),
    ("pkcs11provider", Use::Refused(&["none"])),
    ("port", Use::First),
    ("preferredauthentications", Use::First),
    ("protocol", Use::Ignored),
    ("proxycommand", Use::Line),
    ("proxyjump", Use::First),
    ("proxyusefdpass", Use::Refused(&["no", "false"])),
    ("pubkeyacceptedalgorithms", Use::Ignored),
    ("pubkeyauthentication", Use::First),
    ("refuseconnection", Use::Refused(&[])),
    ("rekeylimit", Use::Ignored),
    ("remotecommand", Use::Refused(&["none"])),
    ("remoteforward", Use::Ignored),
    ("requesttty", Use::Ignored),
    ("requiredrsasize", Use::Ignored),
    ("revokedhostkeys", Use::Refused(&["none"])),
    ("rhostsrsaauthentication", Use::Ignored),
    ("rsaauthentication", Use::Ignored),
    ("securitykeyprovider", Use::Ignored),
    ("sendenv", Use::All),
    ("serveralivecountmax", Use::First),
    ("serveraliveinterval", Use::First),
    ("sessiontype", Use::Refused(&["default"])),
    ("setenv", Use::All),
    ("skeyauthentication", Use::Ignored),
    ("smartcarddevice", Use::Refused(&["none"])),
    ("stdinnull", Use::Refused(&["no", "false"])),
    ("streamlocalbindmask", Use::Ignored),
    ("streamlocalbindunlink", Use::Ignored),
    ("stricthostkeychecking", Use::First),
    ("syslogfacility", Use::Ignored),
    ("tag", Use::First),
    ("tcpkeepalive", Use::Ignored),
    ("tunnel", Use::Refused(&["no", "false"])),
    ("tunneldevice", Use::Ignored),
    ("updatehostkeys", Use::Ignored),
    ("useprivilegedport", Use::Ignored),
    ("user", Use::First),
    ("userknownhostsfile", Use::First),
    ("useroaming", Use::Ignored),
    ("verifyhostkeydns", Use::Ignored),
    ("versionaddendum", Use::Ignored),
    ("visualhostkey", Use::Ignored),
    ("warnweakcrypto", Use::Ignored),
    ("xauthlocation", Use::Ignored),
];

/// Keywords of the past, and what they are called now.
const ALIASES: &[(&str, &str)] = &[
    ("challengeresponseauthentication", "kbdinteractiveauthentication"),
    ("dsaauthentication", "pubkeyauthentication"),
    ("identityfile2", "identityfile"),
    ("keepalive", "tcpkeepalive"),
    ("pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"),
    ("tisauthentication", "kbdinteractiveauthentication"),
];

/// What becomes of a keyword, in whatever case it is written: its name of today and its use.
pub(crate) fn lookup(word: &str) -> Option<(&'static str, Use)> {
    let word = word.to_ascii_lowercase();
    let word = ALIASES.iter().find(|(old, _)| *old == word).map_or(word.as_str(), |(_, new)| *new);
    WORDS.iter().find(|(name, _)| *name == word).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keywords_are_sorted_and_none_stands_twice() {
        assert!(WORDS.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn a_keyword_of_the_past_is_known_by_its_name_of_today() {
        assert_eq!(lookup("ChallengeResponseAuthentication"), Some(("kbdinteractiveauthentication", Use::First)));
        assert_eq!(lookup("NoSuchWord"), None);
    }
}
