#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| ceap_fuzz::fuzz("answer", data));
