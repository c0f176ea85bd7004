//! Published and high-precision values, where the folder with them is there. Other tests need no files.

mod forecast;
mod grid;
mod ladder;
mod programs;
mod published;
mod table;
