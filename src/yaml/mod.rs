//! From YAML nodes to template values: trust, origin, vault.
//!
//! - [`Document`]: a file that was read, its warnings, its root.
//! - [`Place`]: a node and its file: walks mappings and lists with spans, and says what is wrong where.
//! - [`Trust`]: whether text may be templated; `!unsafe` takes it away for all that stands below.
//! - [`Vaulted`]: a `!vault` value, opened when it is first used, through [`Decrypt`].
//! - [`dump()`]: values back into YAML.
//! - [`DateValue`], [`DateTimeValue`], [`TimeDelta`]: dates with Python's attributes, methods and arithmetic.
//!
//! Architecture invariant: text becomes trusted here and where templates are read, nowhere else.

mod convert;
mod date;
mod dump;
mod place;
mod strftime;
mod strptime;
mod timedelta;
mod vault;

pub use convert::{Trust, value};
pub use date::{DateTimeValue, DateValue};
pub use dump::{dump, to_item};
pub use place::{Document, Place, error, warning};
pub use strftime::{Zone, strftime};
pub use strptime::strptime;
pub use timedelta::TimeDelta;
pub use vault::{Decrypt, Vaulted, decrypt_value};
