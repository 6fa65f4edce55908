//! JSON text exactly as Python's `json.dumps` writes it, and floats; the helper writes them too, so they stand in `protocol`.

pub use protocol::{arguments::python::repr_float as float_repr, python_json::*};
