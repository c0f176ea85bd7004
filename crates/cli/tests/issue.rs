//! Placeholder.
#[test]
fn it_runs() { assert!(!env!("CARGO_BIN_EXE_quarterhour").is_empty()); }
