//! Object stores: the port is the kernel's; here is one in memory, for tests.

pub mod memory;

pub use ceap_kernel::blobs::*;
