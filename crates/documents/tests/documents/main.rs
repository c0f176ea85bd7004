//! All tests that render documents, in one program.

mod comparison;
mod comparison_samples;
mod extract;
mod hostile;
mod logo;
mod render;
mod samples;
mod worker;
