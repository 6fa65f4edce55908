//! How a task reaches its host: settings of the connection and of become, from variables, keywords, flags and
//! configuration, in that order.
//!
//! Architecture invariant: nothing here is taken from facts; a host cannot say how it is reached.
//!
//! Source: Ansible documentation, the pages of the connection plugins `ssh`, `local`, `community.docker.docker` and of
//! the become plugins `sudo` and `su`; "Controlling how Ansible behaves: precedence rules".

use std::{path::PathBuf, rc::Rc, time::Duration};

use connection::{Become, BecomeMethod, DockerSettings, HostKeyChecking, Kind, SshSettings, Target};
use jinja::{Dict, Value};
use protocol::Secret;

use super::{keywords::Keywords, options::RunOptions};
use crate::{
    action::boolean,
    config::Config,
    diagnostic::{ErrorChain, Link},
    playbook::Directives,
    template::VariableScope,
};

/// What decides how a host is reached.
pub(super) struct Reach<'a> {
    /// The variables of the host that does the work.
    pub scope: &'a Rc<VariableScope>,
    /// The variables of the task, in which its keywords are rendered.
    pub task_scope: &'a Rc<VariableScope>,
    /// The task's keywords.
    pub effective: &'a Directives,
    /// What they would be without the task's own.
    pub inherited: &'a Directives,
    /// The command line.
    pub options: &'a RunOptions,
    /// The configuration.
    pub config: &'a Config,
    /// The name of the host that does the work.
    pub host: &'a str,
}

impl Reach<'_> {
    /// The first of these variables that is set, rendered.
    fn variable(&self, names: &[&str]) -> Result<Option<Value>, ErrorChain> {
        for name in names {
            if let Some(raw) = self.scope.layers().raw_from_operator(name) {
                match self.scope.templar().render(&raw, self.scope) {
                    Ok(Value::None) => {}
                    Ok(value) => return Ok(Some(value)),
                    Err(error) if error.omitted => {}
                    Err(error) => return Err(error.chain()),
                }
            }
        }
        Ok(None)
    }

    fn text(&self, names: &[&str]) -> Result<Option<String>, ErrorChain> {
        Ok(self.variable(names)?.and_then(|value| value.to_str().ok()))
    }

    fn flag(&self, names: &[&str]) -> Result<Option<bool>, ErrorChain> {
        let Some(value) = self.variable(names)? else { return Ok(None) };
        boolean(&value).map(Some).ok_or_else(|| {
            let shown = value.to_str().unwrap_or_default();
            ErrorChain::new(Link::new(format!("The value '{shown}' of {} is not a valid boolean.", names.join(" or "))))
        })
    }

    fn number(&self, names: &[&str]) -> Result<Option<u64>, ErrorChain> {
        let Some(value) = self.variable(names)? else { return Ok(None) };
        let number = match &value {
            Value::Str(text) => text.trim().parse().ok(),
            other => other.as_int().and_then(|number| u64::try_from(number).ok()),
        };
        number.map(Some).ok_or_else(|| {
            let shown = value.to_str().unwrap_or_default();
            ErrorChain::new(Link::new(format!("The value '{shown}' of {} is not a whole number.", names.join(" or "))))
        })
    }

    fn keywords(&self) -> Keywords<'_> {
        Keywords { scope: self.task_scope, effective: self.effective, inherited: Some(self.inherited) }
    }

    /// The connection's name (`ssh`, `local`, `docker`).
    ///
    /// # Errors
    ///
    /// A template fails.
    pub(super) fn connection_name(&self) -> Result<String, ErrorChain> {
        if let Some(name) = self.text(&["ansible_connection"])? {
            return Ok(name);
        }
        if let Some(name) = self.keywords().text("connection", self.effective.connection.as_ref())? {
            return Ok(name);
        }
        Ok(self.config.transport.clone())
    }

    /// The user who logs in, where one is named.
    ///
    /// # Errors
    ///
    /// A template fails.
    pub(super) fn remote_user(&self) -> Result<Option<String>, ErrorChain> {
        if let Some(user) = self.text(&["ansible_user", "ansible_ssh_user"])? {
            return Ok(Some(user));
        }
        if let Some(user) = self.keywords().text("remote_user", self.effective.remote_user.as_ref())? {
            return Ok(Some(user));
        }
        Ok(self.config.remote_user.clone())
    }

    /// The names under which templates see how the host is reached where no variable says it. What cannot be rendered is
    /// left out; whoever connects says so.
    ///
    /// Source: ansible-core's `PlayContext.update_vars`.
    pub(super) fn variables(&self) -> Dict {
        let found = Dict::new();
        let set = |names: &[&str], value: Option<Value>| {
            for (name, value) in names.iter().zip(std::iter::repeat(value)) {
                if let Some(value) = value {
                    found.insert(*name, value);
                }
            }
        };
        let address = self.text(&["ansible_host", "ansible_ssh_host"]).ok().flatten();
        set(&["ansible_ssh_host", "ansible_host"], Some(Value::from(address.as_deref().unwrap_or(self.host))));
        set(&["ansible_connection"], self.connection_name().ok().map(|name| Value::from(name.as_str())));
        let port = self.port().ok().flatten().and_then(|port| i64::try_from(port).ok());
        set(&["ansible_ssh_port", "ansible_port"], port.map(Value::Int));
        let user = self.remote_user().ok().flatten();
        set(&["ansible_ssh_user", "ansible_user"], user.map(|user| Value::from(user.as_str())));
        let key = self.config.private_key_file.as_ref().map(|path| Value::from(path.display().to_string().as_str()));
        set(&["ansible_ssh_private_key_file", "ansible_private_key_file"], key);
        let timeout = i64::try_from(self.config.timeout).ok();
        set(&["ansible_ssh_timeout", "ansible_timeout"], timeout.map(Value::Int));
        let pipelining = self.config.settings.bool("ANSIBLE_PIPELINING");
        set(&["ansible_ssh_pipelining", "ansible_pipelining"], Some(Value::Bool(pipelining)));
        set(&["ansible_shell_executable"], Some(Value::from(self.config.executable.as_str())));
        set(
            &["ansible_module_compression"],
            self.config.settings.text("DEFAULT_MODULE_COMPRESSION").map(|name| Value::from(name.as_str())),
        );
        found
    }

    fn port(&self) -> Result<Option<u64>, ErrorChain> {
        Ok(match self.number(&["ansible_port", "ansible_ssh_port"])? {
            Some(port) => Some(port),
            None => match self.keywords().integer("port", self.effective.port.as_ref())? {
                Some(port) => u64::try_from(port).ok(),
                None => self.config.remote_port.map(u64::from),
            },
        })
    }

    /// The Python that is set for the host; `None` where it is left to be found there.
    ///
    /// # Errors
    ///
    /// A template fails.
    pub(super) fn python(&self) -> Result<Option<String>, ErrorChain> {
        let named = self.text(&["ansible_python_interpreter"])?;
        let python = named.unwrap_or_else(|| self.config.interpreter_python.clone());
        Ok(Some(python).filter(|name| !name.is_empty() && !name.starts_with("auto")))
    }

    /// How the host is reached.
    ///
    /// # Errors
    ///
    /// A template fails, or the connection is of a kind that is not there.
    pub(super) fn target(&self) -> Result<Target, ErrorChain> {
        let name = self.connection_name()?;
        let short = name.strip_prefix("ansible.builtin.").unwrap_or(&name);
        let kind = match short {
            "local" => Kind::Local,
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" => Kind::Ssh(Box::new(self.ssh()?)),
            "docker" | "community.docker.docker" | "community.docker.docker_api" => Kind::Docker(self.docker()?),
            other => {
                let message = format!("the connection plugin '{other}' was not found");
                let mut link = Link::new(message);
                link.help = Some("The connections are ssh, local and docker.".to_owned());
                return Err(ErrorChain::new(link));
            }
        };
        let mut target = Target::new(self.host, kind);
        if let Some(shell) = self.text(&["ansible_shell_executable"])? {
            target.shell = shell;
        } else if !self.config.executable.is_empty() {
            target.shell.clone_from(&self.config.executable);
        }
        let timeout = self.number(&["ansible_ssh_timeout", "ansible_timeout"])?;
        target.connect_timeout = Duration::from_secs(timeout.unwrap_or(self.config.ssh.timeout).max(1));
        let retries = self.number(&["ansible_ssh_retries"])?.and_then(|retries| u32::try_from(retries).ok());
        target.retries = retries.unwrap_or(self.config.ssh.retries);
        Ok(target)
    }

    fn ssh(&self) -> Result<SshSettings, ErrorChain> {
        let address = self.text(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| self.host.to_owned());
        let mut ssh = SshSettings::new(address);
        ssh.port = self.port()?.and_then(|port| u16::try_from(port).ok());
        ssh.user = self.remote_user()?;
        ssh.password = self
            .text(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])?
            .map(Secret::new)
            .or_else(|| self.options.connection_password.clone());
        let key = self.text(&["ansible_ssh_private_key_file", "ansible_private_key_file"])?.map(PathBuf::from);
        let key = key.or_else(|| self.config.private_key_file.clone());
        ssh.private_key_files =
            key.map(|path| self.config.environment.resolve(&path.display().to_string(), None)).into_iter().collect();
        ssh.passphrase = self.text(&["ansible_ssh_private_key_passphrase"])?.map(Secret::new);
        let checking = self.flag(&["ansible_ssh_host_key_checking", "ansible_host_key_checking"])?;
        if !checking.unwrap_or(self.config.ssh.host_key_checking) {
            ssh.host_key_checking = Some(HostKeyChecking::Off);
        }
        let args = self.text(&["ansible_ssh_args"])?.unwrap_or_else(|| self.config.ssh.args.clone());
        let common = self.text(&["ansible_ssh_common_args"])?;
        let extra = self.text(&["ansible_ssh_extra_args"])?;
        for text in [
            args,
            common.unwrap_or_else(|| self.config.ssh.common_args.clone()),
            extra.unwrap_or_else(|| self.config.ssh.extra_args.clone()),
        ] {
            let words = modules::support::shlex::split(&text).map_err(|error| {
                ErrorChain::new(Link::new(format!("The SSH arguments {text:?} cannot be split into words: {error}")))
            })?;
            ssh.options.extend(words);
        }
        Ok(ssh)
    }

    fn docker(&self) -> Result<DockerSettings, ErrorChain> {
        let container = self.text(&["ansible_docker_host", "ansible_host"])?.unwrap_or_else(|| self.host.to_owned());
        let mut docker = DockerSettings::new(container);
        docker.user = self.remote_user()?;
        if let Some(arguments) = self.text(&["ansible_docker_extra_args"])? {
            docker.extra_args = arguments.split_whitespace().map(str::to_owned).collect();
        }
        Ok(docker)
    }

    /// As whom the work is done, where that is not the user who logs in.
    ///
    /// # Errors
    ///
    /// A template fails, or the method is one that is not there.
    pub(super) fn become_(&self) -> Result<Option<Become>, ErrorChain> {
        let keywords = self.keywords();
        let on = match self.flag(&["ansible_become"])? {
            Some(on) => on,
            None => keywords.flag("become", self.effective.r#become.as_ref())?.unwrap_or(self.config.become_.enabled),
        };
        // All of these are rendered even where become is off: Ansible refuses a task whose keywords are wrong.
        let keyword_method = keywords.text("become_method", self.effective.become_method.as_ref())?;
        let keyword_user = keywords.text("become_user", self.effective.become_user.as_ref())?;
        let keyword_flags = keywords.text("become_flags", self.effective.become_flags.as_ref())?;
        let keyword_exe = keywords.text("become_exe", self.effective.become_exe.as_ref())?;
        if !on {
            return Ok(None);
        }
        let method = self
            .text(&["ansible_become_method"])?
            .or(keyword_method)
            .unwrap_or_else(|| self.config.become_.method.clone());
        let method = match method.strip_prefix("ansible.builtin.").unwrap_or(&method) {
            "sudo" => BecomeMethod::Sudo,
            "su" => BecomeMethod::Su,
            other => {
                let message = format!(
                    "Invalid become method specified, could not find matching plugin: '{other}'. Use `ansible-doc -t \
                     become -l` to list available plugins."
                );
                return Err(ErrorChain::new(Link::new(message)));
            }
        };
        let (short, defaults) = match method {
            BecomeMethod::Sudo => ("sudo", &self.config.become_.sudo),
            BecomeMethod::Su => ("su", &self.config.become_.su),
        };
        let user = self
            .text(&["ansible_become_user", &format!("ansible_{short}_user")])?
            .or(keyword_user)
            .unwrap_or_else(|| defaults.user.clone());
        let same = self.remote_user()?.is_some_and(|login| login == user);
        if same && !self.config.become_.allow_same_user {
            return Ok(None);
        }
        let password =
            self.text(&["ansible_become_password", "ansible_become_pass", &format!("ansible_{short}_pass")])?;
        Ok(Some(Become {
            method,
            user,
            password: password
                .map(Secret::new)
                .or_else(|| self.options.become_password.clone())
                .or_else(|| defaults.password.clone()),
            exe: self
                .text(&["ansible_become_exe", &format!("ansible_{short}_exe")])?
                .or(keyword_exe)
                .or_else(|| Some(defaults.exe.clone()).filter(|exe| !exe.is_empty())),
            flags: self
                .text(&["ansible_become_flags", &format!("ansible_{short}_flags")])?
                .or(keyword_flags)
                .or_else(|| Some(defaults.flags.clone()).filter(|flags| !flags.is_empty())),
        }))
    }
}
