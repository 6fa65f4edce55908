//! Options in the words of the ssh command (`ansible_ssh_common_args` and its fellows).
//!
//! Source: ssh(1).

use std::path::PathBuf;

/// What the options say: settings as ssh_config would write them, and the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// Keyword and the rest of the line.
    pub(crate) settings: Vec<(String, String)>,
    /// `-F`.
    pub(crate) config_file: Option<PathBuf>,
}

/// Letters that take no value and change neither where nor how we connect: verbosity, terminals, forwarding of agent and
/// X11, which do nothing for modules.
const IGNORED: &str = "AaKknqTtvXxY";

/// Letters whose value is ignored: log file, escape character, control socket (one connection a host is kept anyway),
/// control command.
const IGNORED_WITH_VALUE: &str = "EeS";

/// What Ansible gives ssh where nobody says anything else (`ssh_args`). Its `-C` is nobody's wish: compression costs far
/// more time than it saves on any but a very slow line, so it is made only where somebody asks for it.
const DEFAULT: [&str; 5] = ["-C", "-o", "ControlMaster=auto", "-o", "ControlPersist=60s"];

/// Takes the arguments apart.
pub(crate) fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let default = arguments.iter().map(String::as_str).take(DEFAULT.len()).eq(DEFAULT);
    let mut rest = arguments.iter().skip(if default { DEFAULT.len() } else { 0 });
    while let Some(argument) = rest.next() {
        let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            return Err(format!("{argument} is not an option of ssh"));
        };
        let mut characters = letters.chars();
        while let Some(letter) = characters.next() {
            let attached = characters.as_str();
            let mut value = || match attached {
                "" => rest.next().cloned().ok_or_else(|| format!("-{letter}: a value is missing")),
                attached => Ok(attached.to_owned()),
            };
            let mut set = |keyword: &str, value: &str| options.settings.push((keyword.to_owned(), value.to_owned()));
            match letter {
                '4' => set("AddressFamily", "inet"),
                '6' => set("AddressFamily", "inet6"),
                'C' => set("Compression", "yes"),
                'o' => {
                    let value = value()?;
                    let line = super::line::split(&value).ok_or_else(|| format!("-o {value}: a keyword is missing"))?;
                    set(line.keyword, line.rest);
                    break;
                }
                'F' => {
                    options.config_file = Some(PathBuf::from(value()?));
                    break;
                }
                _ => {
                    let keyword = match letter {
                        'J' => "ProxyJump",
                        'i' => "IdentityFile",
                        'p' => "Port",
                        'l' => "User",
                        'b' => "BindAddress",
                        'c' => "Ciphers",
                        'm' => "MACs",
                        'P' => "Tag",
                        'I' => "PKCS11Provider",
                        'B' => "BindInterface",
                        _ if IGNORED.contains(letter) => continue,
                        _ if IGNORED_WITH_VALUE.contains(letter) => {
                            value()?;
                            break;
                        }
                        _ => return Err(format!("the option -{letter} of ssh is not done here")),
                    };
                    let value = value()?;
                    set(keyword, &quoted(&value));
                    break;
                }
            }
        }
    }
    Ok(options)
}

/// A value as one word of a line.
fn quoted(value: &str) -> String {
    if value.contains([' ', '\t', '#', '"', '\'', '\\']) {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, String> {
        parse(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_taken_apart_as_ssh_does() {
        let options =
            parsed(&["-o", "Port=2222", "-oUser bob", "-vvC", "-J", "jump", "-F", "/dev/null", "-i/k"]).unwrap();
        let settings: Vec<_> = options.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            settings,
            [("Port", "2222"), ("User", "bob"), ("Compression", "yes"), ("ProxyJump", "jump"), ("IdentityFile", "/k")]
        );
        assert_eq!(options.config_file, Some("/dev/null".into()));
    }

    #[test]
    fn compression_is_made_where_somebody_asks_for_it_and_not_because_of_ansibles_default() {
        let compression = ("Compression".to_owned(), "yes".to_owned());
        assert_eq!(parsed(&DEFAULT).unwrap(), Options::default());
        assert_eq!(parsed(&["-C", "-o", "ControlMaster=auto"]).unwrap().settings.first(), Some(&compression));
        assert_eq!(parsed(&[&DEFAULT[..], &["-C"]].concat()).unwrap().settings, [compression]);
    }

    #[test]
    fn an_option_that_is_not_understood_is_named() {
        assert_eq!(parsed(&["-W", "a:1"]).unwrap_err(), "the option -W of ssh is not done here");
        assert_eq!(parsed(&["-o"]).unwrap_err(), "-o: a value is missing");
    }
}
