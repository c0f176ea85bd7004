//! What can go wrong with a document, in words for people.

/// Why a document could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The logo cannot be used.
    #[error("the logo cannot be used: {0}")]
    Logo(String),
    /// The document is larger than an invoice may be.
    #[error("the document has {found} {what}; at most {most} fit")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much was found.
        found: usize,
        /// How much fits.
        most: usize,
    },
    /// A position on the chart is not a number.
    #[error("a point of the chart is not at a number between 0 and 1")]
    ChartPosition,
    /// A number of a chart of the comparison is infinite, no number, or beyond what can be drawn.
    #[error("the chart of {0} has a number that cannot be drawn")]
    ChartValue(&'static str),
    /// The fonts given are not fonts.
    #[error("the fonts given hold no font that can be read")]
    Fonts,
    /// Typesetting or the export failed. The text is the typesetter's own.
    #[error("typesetting failed: {0}")]
    Typesetting(String),
}
