//! What modules share.

pub mod accounts;
pub mod ansible_tmp;
pub mod atomic;
pub mod attributes;
pub mod backup;
pub mod checksum;
pub mod clock;
pub mod command;
pub mod edit;
pub mod file_state;
pub mod flags;
pub mod job_file;
pub mod locale;
pub mod media_type;
pub mod mode;
pub mod multipart;
pub mod nsswitch;
pub mod path_info;
pub mod paths;
pub mod resolve;
pub mod selinux;
pub mod shlex;
pub mod text;
pub mod times;
pub mod web;
