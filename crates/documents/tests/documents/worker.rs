//! The worker's two streams: a document a line in, a PDF or a reason out.

use quarterhour_documents::{Renderer, worker};

use crate::comparison_samples::comparison;
use crate::samples::usual;

/// Splits a worker's answers into PDFs and reasons.
fn answers(mut output: &[u8]) -> Vec<Result<Vec<u8>, String>> {
    let mut answers = Vec::new();
    while let Some(end) = output.iter().position(|byte| *byte == b'\n') {
        let header = std::str::from_utf8(&output[..end]).expect("a header is text");
        output = &output[end + 1..];
        match header.split_once(' ').expect("a header has two parts") {
            ("ok", length) => {
                let (pdf, rest) = output.split_at(length.parse().expect("a length"));
                answers.push(Ok(pdf.to_vec()));
                output = rest;
            }
            (_, message) => answers.push(Err(message.to_owned())),
        }
    }
    assert!(output.is_empty(), "nothing may be left over");
    answers
}

#[test]
fn each_line_gets_one_answer_in_order() {
    let document = usual(2, 2);
    let json = serde_json::to_string(&document).expect("it can be written");
    let mut bad = document.clone();
    bad.burn_down.as_mut().expect("a chart").points[0].at = 7.0;
    let bad = serde_json::to_string(&bad).expect("it can be written");
    let input = format!("{json}\n{{\"no\": 1}}\n\n{bad}\n\u{0}\n{json}");
    let mut output = Vec::new();
    worker::serve(input.as_bytes(), &mut output).expect("the streams hold");

    let answers = answers(&output);
    let rendered = Renderer::new().render(&document).expect("it renders");
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0].as_ref(), Ok(&rendered), "the worker and the renderer must agree");
    assert!(answers[1].as_ref().is_err_and(|error| error.contains("unknown field `no`")));
    assert!(answers[2].as_ref().is_err_and(|error| error.contains("chart")));
    assert!(answers[3].is_err());
    assert_eq!(answers[4].as_ref(), Ok(&rendered));
}

#[test]
fn a_request_names_its_kind_of_document() {
    let (invoice, paper) = (usual(1, 1), comparison(7, 12));
    let line = |request: &worker::Request| serde_json::to_string(request).expect("it can be written");
    let requests = [worker::Request::Comparison(Box::new(paper.clone())), worker::Request::Invoice(Box::new(invoice.clone()))];
    let bare = serde_json::to_string(&invoice).expect("it can be written");
    let wrong = r#"{"comparison": {"no": 1}}"#;
    let input = format!("{}\n{}\n{bare}\n  {wrong}\n", line(&requests[0]), line(&requests[1]));
    let mut output = Vec::new();
    worker::serve(input.as_bytes(), &mut output).expect("the streams hold");

    let answers = answers(&output);
    let renderer = Renderer::new();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0].as_ref(), Ok(&renderer.render_comparison(&paper).expect("it renders")));
    assert_eq!(answers[1].as_ref(), Ok(&renderer.render(&invoice).expect("it renders")));
    assert_eq!(answers[2], answers[1], "an invoice may stand alone");
    assert!(answers[3].as_ref().is_err_and(|error| error.contains("unknown field `no`")), "{:?}", answers[3]);
}

#[test]
fn no_documents_are_no_answers() {
    let mut output = Vec::new();
    worker::serve(&b""[..], &mut output).expect("the streams hold");
    assert!(output.is_empty());
}
