//! What the operator can set about the screen.

use super::screen::Theme;

/// The screen's settings, with ansible.cfg's names where it has them.
///
/// See <https://docs.ansible.com/ansible-core/2.19/collections/ansible/builtin/default_callback.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many `-v` were given.
    pub verbosity: u8,
    /// `display_skipped_hosts`
    pub display_skipped_hosts: bool,
    /// `display_ok_hosts`
    pub display_ok_hosts: bool,
    /// `display_failed_stderr`
    pub display_failed_stderr: bool,
    /// `show_custom_stats`
    pub show_custom_stats: bool,
    /// `show_per_host_start`
    pub show_per_host_start: bool,
    /// `check_mode_markers`
    pub check_mode_markers: bool,
    /// `show_task_path_on_failure`
    pub show_task_path_on_failure: bool,
    /// `callback_result_format`
    pub result_format: ResultFormat,
    /// `callback_format_pretty`
    pub pretty_results: Option<bool>,
    /// `verbose_to_stderr`
    pub verbose_to_stderr: bool,
    /// `deprecation_warnings`
    pub deprecation_warnings: bool,
    /// `DIFF_CONTEXT`: equal lines around each change.
    pub diff_context: usize,
    /// The whole run is in check mode.
    pub check_mode: bool,
    /// The command line as ansible-playbook shows it with `-vvvv`: what is set, by name.
    pub arguments: Vec<(String, String)>,
    /// The colours.
    pub theme: Theme,
}

/// How results are written on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFormat {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            verbosity: 0,
            display_skipped_hosts: true,
            display_ok_hosts: true,
            display_failed_stderr: false,
            show_custom_stats: false,
            show_per_host_start: false,
            check_mode_markers: false,
            show_task_path_on_failure: false,
            result_format: ResultFormat::Json,
            pretty_results: None,
            verbose_to_stderr: false,
            deprecation_warnings: true,
            diff_context: 3,
            check_mode: false,
            arguments: Vec::new(),
            theme: Theme::default(),
        }
    }
}
