//! What modules share.

pub mod accounts;
pub mod apt;
pub mod atomic;
pub mod attributes;
pub mod backup;
pub mod checksum;
pub mod clock;
pub mod command;
pub mod dpkg;
pub mod edit;
pub mod file_state;
pub mod flags;
pub mod init;
pub mod job_file;
pub mod locale;
pub mod mode;
pub mod path_info;
pub mod paths;
pub mod selinux;
pub mod shlex;
pub mod sysv;
pub mod terminal;
pub mod text;
pub mod times;
