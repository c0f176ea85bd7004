//! What is still to be received, by how long it is due, as lying bars.

use std::fmt::Write as _;

use crate::web::chart::{Chart, escape, rect};

/// Amounts by age.
#[derive(Clone, Debug, Default)]
pub struct Aging {
    /// The id of the figure.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// Beside the bar.
    pub label: String,
    /// Its length, in any unit that all bars share.
    pub amount: i64,
    /// At its end.
    pub words: String,
    /// Is it one to worry about?
    pub is_late: bool,
}

impl Aging {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        Chart {
            id: self.id.clone(),
            title: self.title.clone(),
            svg: [("chart-wide", 720.0, 130.0), ("chart-small", 360.0, 96.0)].map(|it| self.draw(it.0, it.1, it.2)).concat(),
            legend: Vec::new(),
            head: vec!["Due", "Open"],
            rows: self.bars.iter().map(|bar| vec![bar.label.clone(), bar.words.clone()]).collect(),
        }
    }

    fn draw(&self, class: &str, width: f64, left: f64) -> String {
        let height = self.bars.len() as f64 * 30.0;
        let longest = self.bars.iter().map(|bar| bar.amount).max().unwrap_or(0).max(1);
        let room = width - left - 130.0;
        let words: Vec<String> = self.bars.iter().map(|bar| format!("{} {}", bar.label, bar.words)).collect();
        let mut svg = format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {:.0}\" role=\"img\" aria-label=\"{}\"><title>{}</title>",
            height.max(1.0),
            escape(&format!("{}: {}", self.title, words.join(", "))),
            escape(&self.title)
        );
        for (index, bar) in self.bars.iter().enumerate() {
            let (y, length) = (index as f64 * 30.0, bar.amount.max(0) as f64 * room / longest as f64);
            let _ =
                write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", left - 10.0, y + 19.0, escape(&bar.label));
            rect(&mut svg, if bar.is_late { "c-over" } else { "c-used" }, left, y + 6.0, length, 18.0);
            let tone = if bar.amount == 0 { "t-soft" } else { "t-strong" };
            let _ = write!(
                svg,
                "<text class=\"{tone}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                left + length + 8.0,
                y + 19.0,
                escape(&bar.words)
            );
        }
        let _ = write!(svg, "<path class=\"c-axis\" d=\"M{left:.1} 2V{:.1}\"/></svg>", (height - 2.0).max(2.0));
        svg
    }
}
