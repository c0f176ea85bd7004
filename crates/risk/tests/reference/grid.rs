//! The whole law on a grid, and how far it is from the single values.

use quarterhour_risk::law::{Grid, Grids};

use crate::table::{Check, compound, rows};

/// Single values are exact; the grid has to come as near at every one of them.
#[test]
fn the_whole_law_is_as_exact_as_single_values() {
    let mut check = Check::default();
    let mut grids = Grids::new();
    for row in rows("ladder") {
        let model = compound(&row.json("model"));
        let is_lattice = model.parts.iter().all(|part| part.severity.step().is_some());
        // A tail without end within reach, and hours in steps, are for the other ways.
        if is_lattice || row.get("arg").is_empty() || matches!(row.get("model_id"), "M13") {
            continue;
        }
        let [mean, variance, _] = model.cumulants();
        let at = row.number("arg");
        let hours = 1.0_f64.max(mean + 12.0 * variance.sqrt()).ceil();
        let points = if mean > 500.0 {
            1 << 18
        } else if mean > 100.0 {
            1 << 17
        } else {
            1 << 14
        };
        let grid = Grid::new(&model, hours, points, &mut grids);
        match row.get("quantity") {
            "cdf" if at < hours => check.near(&row, grid.cdf(at), 1e-8),
            "forfeit_E[(d-S)+]" if at < hours => check.near(&row, grid.shortfall(at), 1e-8),
            "stoploss_E[(S-d)+]" if at < hours => check.near(&row, grid.excess(at), 1e-8),
            "quantile" => check.near(&row, grid.quantile(at), 1e-7),
            "tvar" => check.near(&row, grid.tail_mean(at), 1e-8),
            _ => {}
        }
    }
    check.finish("grid");
}
