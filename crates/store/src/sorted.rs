//! Puts rows in order batch by batch, so that a bulk insert fills the pages of a table
//! one after the other instead of all over it. Not a sort of the whole.

use std::cmp::Ordering;
use std::iter::Fuse;
use std::vec;

/// Rows in one batch: enough to visit each page a few times only, few enough to keep
/// a stream of a million rows out of memory.
const BATCH_ROWS: usize = 250_000;

/// An iterator whose rows are in order within each batch.
pub(crate) struct Sorted<I: Iterator> {
    rows: Fuse<I>,
    batch: vec::IntoIter<I::Item>,
    order: fn(&I::Item, &I::Item) -> Ordering,
}

impl<I: Iterator> Sorted<I> {
    /// Sorts batches of rows.
    pub(crate) fn new(rows: I, order: fn(&I::Item, &I::Item) -> Ordering) -> Self {
        Self { rows: rows.fuse(), batch: Vec::new().into_iter(), order }
    }
}

impl<I: Iterator> Iterator for Sorted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        if let Some(row) = self.batch.next() {
            return Some(row);
        }
        let mut batch: Vec<I::Item> = self.rows.by_ref().take(BATCH_ROWS).collect();
        // The stable sort takes rows that are in order already in one pass.
        batch.sort_by(self.order);
        self.batch = batch.into_iter();
        self.batch.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_lost_and_each_batch_is_in_order() {
        let rows = (0..BATCH_ROWS * 2 + 3).rev();
        let sorted: Vec<usize> = Sorted::new(rows.clone(), Ord::cmp).collect();
        assert_eq!(sorted.len(), rows.len());
        assert!(sorted.chunks(BATCH_ROWS).all(|batch| batch.is_sorted()));
        assert_eq!(sorted.last(), Some(&2));
        assert_eq!(Sorted::new(0..0, Ord::cmp).next(), None::<usize>);
    }
}
