//! The functions carry `no_mangle`; a use of the crate is all it takes to have them exported.
pub use wasmi_c_api::*;
