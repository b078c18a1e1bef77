fn main() {
    // Never unloaded: a collector keeps pointers into the library's data until the process ends.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete,-z,defs");
}
