//! Charts of ordinary, empty, huge and odd numbers: well-formed, without a number that is none.

use super::*;

/// Panics unless each tag is closed in turn and no attribute is broken.
fn check(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, after) = piece.split_once('>').expect("a closed tag");
        assert!(!after.contains('>'), "a stray bracket in {piece}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            if !tag.ends_with('/') {
                open.push(tag.split(' ').next().expect("a name"));
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for wrong in ["NaN", "inf", "width=\"-", "height=\"-", "style="] {
        assert!(!svg.contains(wrong), "{wrong} in {svg}");
    }
}

fn steps(list: &[(i64, i64, i64)]) -> Vec<Step> {
    list.iter().map(|(at, left, overage)| Step { at: *at, left: *left, overage: *overage }).collect()
}

fn burn_down(available: i64, list: &[(i64, i64, i64)]) -> BurnDown {
    BurnDown {
        id: "hours".to_owned(),
        month: "November 2026".to_owned(),
        month_short: "Nov".to_owned(),
        days: 30,
        first_weekday: 6,
        available,
        steps: steps(list),
        ..BurnDown::default()
    }
}

#[test]
fn a_burn_down_says_what_is_left_and_how_it_goes_on() {
    let mut data = burn_down(36_000, &[(0, 36_000, 0), (200_000, 30_600, 0), (900_000, 12_600, 0)]);
    data.now = Some(1_100_000);
    data.outlook = Some(Outlook { end: -7200, dry_on: Some(19) });
    data.after_hours = vec![AfterHours { at: 900_000, burn: 5400 }];
    let chart = data.chart();
    check(&chart.svg);
    for words in ["3:30 h left", "dry on 19 Nov", "2:00 h over", "today", "c-night"] {
        assert!(chart.svg.contains(words), "{words} in {}", chart.svg);
    }
    assert_eq!(chart.rows.len(), 3);
    assert!(chart.svg.len() < 9_000, "{} bytes for both widths", chart.svg.len());
}

#[test]
fn a_burn_down_draws_anything() {
    check(&burn_down(0, &[]).chart().svg);
    check(&BurnDown::default().chart().svg);
    let beyond = burn_down(0, &[(0, 0, 0), (86_400, 0, 5400), (1_000_000, 0, 90_000)]).chart();
    check(&beyond.svg);
    assert!(beyond.svg.contains("25:00 h over"));
    let mut huge = burn_down(i64::from(i32::MAX) * 3600, &[(0, i64::from(i32::MAX) * 3600, 0), (2_000_000_000, 5, 3_000_000_000_000)]);
    huge.now = Some(-5);
    huge.outlook = Some(Outlook { end: -9_000_000_000_000, dry_on: Some(400) });
    check(&huge.chart().svg);
    huge.now = Some(86_400 * 12);
    check(&huge.chart().svg);
}

#[test]
fn a_name_cannot_break_out_of_a_chart() {
    let mut data = burn_down(3600, &[(0, 3600, 0)]);
    data.month_short = "<script>\"&".to_owned();
    check(&data.chart().svg);
    assert!(!data.chart().svg.contains("<script"));
}

#[test]
fn months_stand_side_by_side() {
    let month = Month { name: "May 2026".to_owned(), used: 30_000, lost: 6_000, overage: 0, ..Month::default() };
    let over = Month { used: 36_000, overage: 9_000, rest: 0, other: 500, ..Month::default() };
    let multiples = Multiples { id: "months".to_owned(), months: vec![Month::default(), month, over] };
    for bar in multiples.bars() {
        check(&bar.svg);
    }
    assert_eq!(multiples.chart().rows.len(), 3);
    assert_eq!(multiples.months.get(1).map(Month::words).as_deref(), Some("May 2026: 8:20 h used, 1:40 h lost"));
    check(&Multiples::default().chart().svg);
}

#[test]
fn bars_of_months_and_ages_have_words() {
    for (used, available, beyond, words) in [
        (23_400, 36_000, 0, "3:30 left of 10:00 h"),
        (36_000, 36_000, 8_100, "2:15 over 10:00 h"),
        (0, 0, 0, "no prepaid time"),
        (0, 0, 900, "0:15 h beyond"),
        (i64::from(i32::MAX), 3600, i64::from(i32::MAX), "over 1:00 h"),
    ] {
        let bar = month_bar(used, available, beyond);
        check(&bar);
        assert!(bar.contains(words), "{words} in {bar}");
    }
    let aging = Aging { bars: vec![Bar { label: "not due".to_owned(), ..Bar::default() }], ..Aging::default() };
    check(&aging.chart().svg);
    check(&Aging::default().chart().svg);
    for values in [&[][..], &[5], &[0, 0], &[i64::from(i32::MIN), 7, i64::from(i32::MAX)]] {
        check(&sparkline(values));
    }
}

#[test]
fn margins_are_drawn_with_their_marks() {
    let mark = |label, at: f64| (label, at, format!("USD {at:.0}"));
    let marks =
        vec![mark("one year in a hundred less than", -400.0), mark("one year in twenty less than", -50.0), mark("on average", 900.0)];
    let margins = Margins { from: -500.0, step: 20.0, values: (0..100).map(f64::from).collect(), marks, ..Margins::default() };
    let chart = margins.chart();
    check(&chart.svg);
    assert!(chart.svg.contains("on average USD 900") && chart.svg.contains("c-limit"), "a loss has its line: {}", chart.svg);
    assert_eq!(chart.rows.len(), 3);
    check(&Margins::default().chart().svg);
    let nothing = Margins { values: vec![0.0; 3], marks: vec![mark("on average", 0.0)], ..Margins::default() };
    check(&nothing.chart().svg);
    let odd = Margins { from: f64::NAN, step: 1.0, values: vec![f64::NAN, 1.0], ..Margins::default() };
    assert_eq!(odd.chart().rows.len(), 0);
}

#[test]
fn a_desk_is_drawn_with_and_without_tickets() {
    let mut per_hour = [[0.0; 24]; 7];
    let empty = Arrivals { id: String::new(), title: "Tickets".to_owned(), per_hour }.chart();
    check(&empty.svg);
    assert!(!empty.svg.contains("c-used"));
    per_hour[1][9] = 4.0;
    per_hour[2][9] = 1.0;
    let chart = Arrivals { id: String::new(), title: "Tickets".to_owned(), per_hour }.chart();
    check(&chart.svg);
    assert_eq!(chart.svg.matches("c-used").count(), 4, "two hours in two widths");
    assert_eq!(chart.rows.get(9).map(|row| row[..4].join(" ")).as_deref(), Some("09:00 0.00 4.00 1.00"));
    let column = |technicians: usize| StaffingColumn {
        technicians,
        cost: 4_800.0 * technicians as f64,
        in_time: format!("{technicians} %"),
        is_enough: technicians == 21,
    };
    let staffings = Staffings { id: String::new(), title: "<Costs>".to_owned(), columns: (2..30).map(column).collect() };
    let chart = staffings.chart();
    check(&chart.svg);
    assert!(chart.svg.contains(">21 %<") && !chart.svg.contains(">20 %<"), "the one to choose has its words, near ones have not");
    check(&Staffings::default().chart().svg);
}
