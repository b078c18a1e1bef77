//! The macros of ittnotify.h that `instbench profile` needs, as functions (harness/worker/itt.cpp). ittnotify loads the
//! collector that INTEL_LIBITTNOTIFY64 names at the first call; without one each call does nothing.
//!
//! SAFETY, of all: names are C strings, domains and handles are what `create` returned; one thread calls.
use ittapi_sys::*;
use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

/// `__itt_null`, which is static in the header.
const NO_ID: __itt_id = __itt_id { d1: 0, d2: 0, d3: 0 };

extern "C" {
    fn __itt_get_collection_state() -> c_int;
}

/// `__itt_collection_state`: 4 when a collector takes what follows.
#[no_mangle]
pub unsafe extern "C" fn instbench_itt_state() -> c_int {
    __itt_get_collection_state()
}

#[no_mangle]
pub unsafe extern "C" fn instbench_itt_domain(name: *const c_char) -> *mut __itt_domain {
    __itt_domain_create_ptr__3_0.map_or(null_mut(), |create| create(name))
}

#[no_mangle]
pub unsafe extern "C" fn instbench_itt_handle(name: *const c_char) -> *mut __itt_string_handle {
    __itt_string_handle_create_ptr__3_0.map_or(null_mut(), |create| create(name))
}

/// A collector switches a domain off and on by its flags.
unsafe fn is_on(domain: *const __itt_domain) -> bool {
    !domain.is_null() && (*domain).flags != 0
}

#[no_mangle]
pub unsafe extern "C" fn instbench_itt_begin(domain: *const __itt_domain, name: *mut __itt_string_handle) {
    if let (true, Some(begin)) = (is_on(domain), __itt_task_begin_ptr__3_0) {
        begin(domain, NO_ID, NO_ID, name);
    }
}

#[no_mangle]
pub unsafe extern "C" fn instbench_itt_end(domain: *const __itt_domain) {
    if let (true, Some(end)) = (is_on(domain), __itt_task_end_ptr__3_0) {
        end(domain);
    }
}
