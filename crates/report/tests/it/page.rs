//! Pages with everything on them, and pages made of hostile text.

use std::collections::BTreeSet;

use backstory_report::{
    Bars, Cell, Column, Curve, Curves, Figure, IntervalRow, Intervals, Numbers, Page, Plot, Point,
    Reliability, ReliabilityBin, Series, Table,
};
use proptest::prelude::*;
use pulldown_cmark::{Event as Mark, Options, Parser, Tag};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What a page may consist of.
const ELEMENTS: [&str; 42] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "h1",
    "h2",
    "h3",
    "p",
    "ul",
    "ol",
    "li",
    "nav",
    "a",
    "section",
    "pre",
    "code",
    "div",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "strong",
    "figure",
    "figcaption",
    "details",
    "summary",
    "svg",
    "text",
    "line",
    "polyline",
    "polygon",
    "rect",
    "circle",
    "g",
    "defs",
    "clipPath",
    "path",
    "tspan",
];

fn intervals(text: &str) -> Plot {
    let row = |effect: f64, interval| IntervalRow {
        label: format!("{text} - {effect}"),
        effect,
        interval,
        detectable: Some(2.5),
    };
    Plot::Intervals(Intervals {
        axis: "difference of MRR, points".to_owned(),
        rows: vec![row(3.4, Some((0.8, 6.9))), row(-1.25, Some((-4.0, 1.5))), row(0.0, None)],
    })
}

fn bars(text: &str) -> Plot {
    Plot::Bars(Bars {
        axis: "per cent".to_owned(),
        rows: vec!["RRF".to_owned(), text.to_owned()],
        series: vec![
            Series { name: "mrr".to_owned(), values: vec![69.7, 73.1] },
            Series { name: text.to_owned(), values: vec![56.8, f64::NAN] },
        ],
    })
}

fn curves(text: &str) -> Plot {
    let point = |x: f64, y: f64| Point { x, y, band: Some((y - 3.0, y + 3.0)) };
    let curve = |name: &str, up: f64| Curve {
        name: name.to_owned(),
        points: vec![point(25.0, 50.0 + up), point(50.0, 53.0 + up), point(100.0, 54.5 + up)],
    };
    Plot::Curves(Curves {
        across: "training queries, %".to_owned(),
        upward: text.to_owned(),
        curves: vec![curve("C", 4.0), curve(text, 0.0)],
    })
}

fn reliability() -> Plot {
    let bin = |said, came_true, count| ReliabilityBin { said, came_true, count };
    let bins = vec![bin(0.1, 0.05, 40), bin(0.5, 0.55, 20), bin(0.9, 0.8, 5)];
    Plot::Reliability(Reliability { bins })
}

/// Returns a page on which a text stands everywhere.
fn page(text: &str) -> Page {
    let mut page = Page::new(format!("Page of {text}"));
    page.text("What is said first.").text(text).section("Tables").heading(text);
    let mut table = Table::new([Column::text("repository"), Column::number(text)]);
    table.row([Cell::from(text), Cell::strong("+1.5")]);
    table.row([Cell::strong(text), Cell::from("[-0.1, 3.0]")]);
    page.table(table).list([text.to_owned(), "two".to_owned()]).code(format!("run {text}"));
    page.section(text);
    for plot in [intervals(text), bars(text), curves(text), reliability()] {
        page.figure(Figure { caption: text.to_owned(), plot, numbers: Numbers::Beside });
    }
    page
}

/// Says what a reader of the HTML would do that it must not.
fn html_findings(html: &str) -> Vec<String> {
    let mut reader = Reader::from_str(html);
    let mut findings = Vec::new();
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event() {
            Err(error) => return vec![format!("not well formed: {error}")],
            Ok(Event::Eof) => break,
            Ok(Event::Start(tag)) => {
                element_findings(&tag, &mut findings);
                open.push(String::from_utf8_lossy(tag.name().as_ref()).into_owned());
            }
            Ok(Event::Empty(tag)) => element_findings(&tag, &mut findings),
            Ok(Event::End(_)) => drop(open.pop()),
            Ok(Event::Comment(_) | Event::CData(_) | Event::PI(_)) => {
                findings.push("something beside elements and text".to_owned());
            }
            Ok(_) => {}
        }
    }
    if !open.is_empty() {
        findings.push(format!("left open: {open:?}"));
    }
    findings
}

fn element_findings(tag: &BytesStart<'_>, findings: &mut Vec<String>) {
    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
    if !ELEMENTS.contains(&name.as_str()) {
        findings.push(format!("element {name}"));
    }
    for attribute in tag.attributes() {
        let Ok(attribute) = attribute else {
            findings.push(format!("attribute of {name}"));
            continue;
        };
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = String::from_utf8_lossy(&attribute.value).into_owned();
        let leads_out = key == "href" && !value.starts_with('#');
        if key.starts_with("on") || leads_out || ["src", "style", "xlink:href"].contains(&&*key) {
            findings.push(format!("attribute {key} of {name}"));
        }
    }
}

/// Says what a reader of the Markdown would make of text.
fn markdown_findings(markdown: &str) -> BTreeSet<String> {
    let mut findings = BTreeSet::new();
    for event in Parser::new_ext(markdown, Options::all()) {
        let is_ours = matches!(
            event,
            Mark::Text(_)
                | Mark::End(_)
                | Mark::SoftBreak
                | Mark::Start(
                    Tag::Paragraph
                        | Tag::Heading { .. }
                        | Tag::List(None)
                        | Tag::Item
                        | Tag::CodeBlock(_)
                        | Tag::Table(_)
                        | Tag::TableHead
                        | Tag::TableRow
                        | Tag::TableCell
                        | Tag::Strong,
                )
        );
        if !is_ours {
            findings.insert(format!("{event:?}"));
        }
    }
    findings
}

/// Returns how many of each piece the Markdown has.
fn pieces(markdown: &str) -> Vec<String> {
    let starts = Parser::new_ext(markdown, Options::all()).filter_map(|event| match event {
        Mark::Start(Tag::Heading { level, .. }) => Some(format!("{level}")),
        Mark::Start(tag) => Some(format!("{tag:?}").chars().take(9).collect()),
        _ => None,
    });
    starts.collect()
}

const HOSTILE: [&str; 14] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![x](http://a.example/x.png)",
    "| cell | cell |\n|---|---|",
    "# heading\n\n- item\n> quote\n```\ncode",
    "**bold** _low_ ~~gone~~ `code` $x^2$ [^1]",
    "</style></svg><iframe src=//a.example>",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "1. one",
    "- [ ] task",
    "----",
    "www.a.example https://a.example <https://a.example>",
    "a\u{202e}b\u{0}c\\",
    "a```b``` ::: {.x}",
];

#[test]
fn a_page_reads_well_as_markdown() {
    insta::assert_snapshot!(page("acme/toy").to_markdown());
}

#[test]
fn a_page_is_one_html_file_and_the_same_each_time() {
    let html = page("acme/toy").to_html().unwrap();
    assert_eq!(html, page("acme/toy").to_html().unwrap());
    assert_eq!(html_findings(&html), [""; 0]);
    for outside in ["http:", "https:", "//", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    let (_, body) = html.split_once("<body>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn colors_of_figures_are_known_to_the_style() {
    let html = page("acme/toy").to_html().unwrap();
    let (style, body) = html.split_once("<body>").unwrap();
    for color in ["#1F2328", "#8C959F", "#D1D9E0"] {
        assert!(style.contains(color) && body.contains(color), "{color}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let plain = pieces(&page("acme/toy").to_markdown());
    for text in HOSTILE {
        let page = page(text);
        assert_eq!(html_findings(&page.to_html().unwrap()), [""; 0], "{text}");
        let markdown = page.to_markdown();
        assert_eq!(markdown_findings(&markdown), BTreeSet::new(), "{text}\n{markdown}");
        assert_eq!(pieces(&markdown), plain, "{text}\n{markdown}");
        assert!(!markdown.replace("run <script>", "").contains("<script"), "{text}");
    }
}

#[test]
fn the_checks_find_what_is_planted() {
    let planted = "<p><script>x</script><a href=\"http://a.example\" onclick=\"x\">y</a></p>";
    assert_eq!(
        html_findings(planted),
        ["element script", "attribute href of a", "attribute onclick of a"]
    );
    assert_ne!(html_findings("<p>"), [""; 0]);
    assert_eq!(markdown_findings("<b>x</b> [y](z)").len(), 3);
}

#[test]
fn what_is_empty_is_left_out() {
    let mut page = Page::new("Empty");
    let plot = Plot::Curves(Curves::default());
    page.table(Table::new([Column::text("a")])).list([]).figure(Figure {
        caption: "none".to_owned(),
        plot,
        numbers: Numbers::Beside,
    });
    assert_eq!(page.to_markdown(), "# Empty\n");
}

/// The span of the two largest numbers is infinite.
#[test]
fn the_largest_numbers_can_be_drawn() {
    let values = [f64::MAX, f64::MIN, f64::INFINITY, f64::NAN, 0.0];
    let mut page = Page::new("Numbers");
    let rows = values.map(|effect| IntervalRow {
        label: "x".to_owned(),
        effect,
        interval: Some((f64::MIN, effect)),
        detectable: Some(effect),
    });
    let intervals = Intervals { axis: "x".to_owned(), rows: rows.into() };
    let points = values.map(|x| Point { x, y: x, band: Some((f64::MIN, x)) });
    let curves = vec![Curve { name: "x".to_owned(), points: points.into() }];
    let series = vec![Series { name: "x".to_owned(), values: values.into() }];
    let bars = Bars { axis: "x".to_owned(), rows: vec!["x".to_owned(); 5], series };
    for plot in [
        Plot::Intervals(intervals),
        Plot::Curves(Curves { curves, ..Curves::default() }),
        Plot::Bars(bars),
    ] {
        page.figure(Figure { caption: "x".to_owned(), plot, numbers: Numbers::Elsewhere });
    }
    assert_eq!(html_findings(&page.to_html().unwrap()), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_stays_text(text in "[a-z0-9 \\[\\]()<>&\"'`*_~#|$!:/.\\\\\n+=-]{1,24}|\\PC{1,12}") {
        prop_assume!(!text.trim().is_empty());
        let page = page(&text);
        prop_assert_eq!(html_findings(&page.to_html().unwrap()), [""; 0]);
        let markdown = page.to_markdown();
        prop_assert_eq!(markdown_findings(&markdown), BTreeSet::new(), "{}", markdown);
    }

    #[test]
    fn any_numbers_can_be_drawn(values in proptest::collection::vec(any::<f64>(), 3..8)) {
        let rows = values.windows(3).map(|window| IntervalRow {
            label: "x".to_owned(),
            effect: window[0],
            interval: Some((window[1], window[2])),
            detectable: Some(window[2]),
        });
        let mut page = Page::new("Numbers");
        let plot = Plot::Intervals(Intervals { axis: "x".to_owned(), rows: rows.collect() });
        page.figure(Figure { caption: "x".to_owned(), plot, numbers: Numbers::Elsewhere });
        let points = values.iter().map(|x| Point { x: *x, y: *x, band: None }).collect();
        let curves = vec![Curve { name: "x".to_owned(), points }];
        let plot = Plot::Curves(Curves { curves, ..Curves::default() });
        page.figure(Figure { caption: "x".to_owned(), plot, numbers: Numbers::Elsewhere });
        prop_assert_eq!(html_findings(&page.to_html().unwrap()), [""; 0]);
    }
}
