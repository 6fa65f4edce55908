//! Our own reading of the rules, beside what path validation checks: each fault with field, rule and cure.

mod certificate;
mod list;
mod pair;

pub use certificate::certificate;
pub use list::list;
pub use pair::pair;
