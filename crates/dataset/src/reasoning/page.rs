//! How does a search of thoughts read?

use backstory_model::reasoning::{ReasonedStep, ReasoningSearch};
use backstory_model::{RepoName, ScorerPolicy};
use backstory_report::{
    Bars, Cell, Column, Curve, Curves, Figure, IntervalRow, Intervals, Numbers, Page, Plot, Point,
    Series, Table,
};

use super::course::{Courses, Mean};
use super::paired::{DRAWS, Difference};
use super::tally::{Round, Tally};

/// What was searched for the stories of a run, added up.
#[derive(Clone, Debug)]
pub struct ReasoningStatistics {
    search: ReasoningSearch,
    tally: Tally,
    courses: Courses,
}

impl ReasoningStatistics {
    /// Begins with nothing.
    pub fn new(search: ReasoningSearch) -> Self {
        let courses = Courses::new(search.options.rounds);
        Self { search, tally: Tally::default(), courses }
    }

    /// Adds a step of a story of this repository.
    pub fn add(&mut self, repo: &RepoName, step: &ReasonedStep) {
        self.tally.add(step);
        self.courses.add(repo, step);
    }

    /// Returns the counts.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Writes the page.
    pub fn page(&self) -> Page {
        let mut page = Page::new("Searched thoughts");
        page.text(
            "Perplexities are of what was written or done in the searched steps alone, each \
             token counted once. A thought of equal length that says nothing and one of another step tell \
             how much of a gain is due to length.",
        );
        self.counts(&mut page);
        self.perplexity(&mut page);
        self.controls(&mut page);
        self.scopes(&mut page);
        self.gains(&mut page);
        self.candidates(&mut page);
        self.lengths(&mut page);
        self.made(&mut page);
        page
    }

    fn counts(&self, page: &mut Page) {
        let mut table = Table::new([Column::text("what"), Column::number("number")]);
        table.row(["steps found".into(), self.search.writes_found.to_string().into()]);
        if self.search.target_too_short > 0 {
            let short = self.search.target_too_short.to_string();
            table.row(["too short to search".into(), short.into()]);
        }
        for (what, number) in self.tally.rows() {
            table.row([what.into(), number.into()]);
        }
        page.section("Counts").table(table);
    }

    fn perplexity(&self, page: &mut Page) {
        let means = self.courses.by_round();
        page.section("Perplexity by round").table(of_means(&means));
        let points = (0_u32..).zip(&means);
        let points =
            points.map(|(at, mean)| Point { x: at.into(), y: mean.perplexity(), band: None });
        let curve = Curve { name: "perplexity".to_owned(), points: points.collect() };
        page.figure(Figure {
            caption: "Perplexity without a thought (0), with the first one (1), after each \
                round, and with what stands at the end."
                .to_owned(),
            plot: Plot::Curves(Curves {
                across: "version".to_owned(),
                upward: "perplexity".to_owned(),
                curves: vec![curve],
            }),
            numbers: Numbers::Elsewhere,
        });
    }

    fn controls(&self, page: &mut Page) {
        let means = self.courses.controls();
        page.section("Controls").text(
            "Steps whose winner beat no thought at all, before it was decided whether it \
             stands.",
        );
        page.table(of_means(&means));
        let bars = Bars {
            axis: "perplexity".to_owned(),
            rows: means.iter().map(|mean| mean.what.clone()).collect(),
            series: vec![Series {
                name: "perplexity".to_owned(),
                values: means.iter().map(Mean::perplexity).collect(),
            }],
        };
        page.figure(Figure {
            caption: "Perplexity behind the searched thought and behind three controls.".to_owned(),
            plot: Plot::Bars(bars),
            numbers: Numbers::Elsewhere,
        });
    }

    fn scopes(&self, page: &mut Page) {
        if self.search.scopes.is_empty() {
            return;
        }
        page.section("Other scopes").text(
            "All code that is written, searched or not, and whole documents. A document holds \
             its thoughts, so its perplexities are of different texts.",
        );
        let mut table = Table::new([
            Column::text("scope"),
            Column::text("thoughts"),
            Column::number("texts"),
            Column::number("too long"),
            Column::number("tokens"),
            Column::number("nats a token"),
            Column::number("perplexity"),
        ]);
        for row in &self.search.scopes {
            let nats = row.nats_a_token();
            let told = |number: Option<f64>, places: usize| {
                number.map_or_else(|| "-".to_owned(), |number| format!("{number:.places$}"))
            };
            table.row([
                Cell::from(row.scope.as_str()),
                row.thoughts.as_str().into(),
                row.texts.to_string().into(),
                row.over_window.to_string().into(),
                row.tokens.to_string().into(),
                told(nats, 4).into(),
                told(nats.map(f64::exp), 3).into(),
            ]);
        }
        page.table(table);
    }

    fn gains(&self, page: &mut Page) {
        let differences = self.courses.differences();
        page.section("Gains").text(format!(
            "Mean gain of a step in millinats a token, above 0 where the first is better, \
             with 95 % of {DRAWS} paired bootstrap draws.",
        ));
        let mut table = Table::new([
            Column::text("comparison"),
            Column::number("steps"),
            Column::number("gain"),
            Column::number("over steps"),
            Column::number("over repositories"),
        ]);
        for (what, found) in &differences {
            let repositories = found.over_repositories.map_or_else(|| "-".to_owned(), brackets);
            table.row([
                Cell::from(*what),
                found.steps.to_string().into(),
                signed(found.mean).into(),
                brackets(found.over_steps).into(),
                repositories.into(),
            ]);
        }
        page.table(table);
        page.figure(Figure {
            caption: "Gains in millinats a token, with the wider of both intervals.".to_owned(),
            plot: Plot::Intervals(Intervals {
                axis: "millinats a token".to_owned(),
                rows: differences.iter().map(interval_row).collect(),
            }),
            numbers: Numbers::Elsewhere,
        });
        if let Some(gain) = self.courses.gain_per_token() {
            page.text(format!(
                "The code gains {gain:.3} nats for each token of the thoughts that stand.",
            ));
        }
    }

    fn candidates(&self, page: &mut Page) {
        let mut table = Table::new([
            Column::number("round"),
            Column::number("candidates"),
            Column::number("accepted"),
            Column::number("turned down"),
        ]);
        for (round, told) in &self.tally.rounds {
            let Round { candidates, accepted, turned_down } = *told;
            table.row([
                Cell::from(round.to_string()),
                candidates.to_string().into(),
                share(accepted, candidates).into(),
                share(turned_down, candidates).into(),
            ]);
        }
        page.section("Candidates").text("Round 0 is the thought a start begins with.");
        page.table(table);
        let all: u64 = self.tally.rounds.values().map(|round| round.candidates).sum();
        let mut leaks = Table::new([Column::text("guard"), Column::number("turned down")]);
        for (leak, count) in &self.tally.leaks {
            leaks.row([Cell::from(*leak), share(*count, all).into()]);
        }
        page.heading("Leaks").table(leaks);
        let runs = self.tally.leaks.get("ngram13").copied().unwrap_or_default();
        page.text(format!(
            "{} candidates share 13 tokens in a row with their code; of the thoughts that \
             stand, {} do.",
            share(runs, all),
            self.tally.kept_with_runs
        ));
    }

    fn lengths(&self, page: &mut Page) {
        let lengths = self.courses.lengths();
        let mut table = Table::new([Column::number("round"), Column::number("tokens")]);
        for (round, length) in lengths.iter().enumerate() {
            table.row([Cell::from(round.to_string()), format!("{length:.1}").into()]);
        }
        page.section("Length of thoughts").table(table);
        let points = (0_u32..).zip(&lengths);
        let points = points.map(|(at, length)| Point { x: at.into(), y: *length, band: None });
        page.figure(Figure {
            caption: "Mean tokens of the thought after each round.".to_owned(),
            plot: Plot::Curves(Curves {
                across: "round".to_owned(),
                upward: "tokens".to_owned(),
                curves: vec![Curve { name: "tokens".to_owned(), points: points.collect() }],
            }),
            numbers: Numbers::Elsewhere,
        });
    }

    fn made(&self, page: &mut Page) {
        let ReasoningSearch { scorer, writer, options, writes, .. } = &self.search;
        let policy = match scorer.policy {
            ScorerPolicy::OnPolicy => "the model that will be trained",
            ScorerPolicy::OffPolicy => "not the model that will be trained",
        };
        let known = |text: Option<&str>| text.unwrap_or("unknown").to_owned();
        page.section("How it was searched").list([
            format!("Scorer: {}, revision {}, {policy}", scorer.model, known(scorer.revision.as_deref())),
            format!("Writer: {}, revision {}; its thoughts are {}", writer.model, known(writer.revision.as_deref()), writes.as_str()),
            format!(
                "{} candidates in each of {} rounds, {} starts, least gain {} nats a token, seed {}",
                options.candidates, options.rounds, options.starts, options.min_gain, options.seed
            ),
            format!("{} bytes of context", options.context),
            self.gate(),
        ]);
    }

    fn gate(&self) -> String {
        match (self.search.percentiles, self.search.options.gate) {
            (Some(percentiles), Some(gate)) => format!(
                "Only steps from percentile {} to {}, {:.4} to {:.4} nats a token without a thought",
                percentiles.low, percentiles.high, gate.low, gate.high
            ),
            _ => "Steps of any likelihood".to_owned(),
        }
    }
}

fn of_means(means: &[Mean]) -> Table {
    let mut table = Table::new([
        Column::text(""),
        Column::number("steps"),
        Column::number("nats a token"),
        Column::number("perplexity"),
    ]);
    for mean in means {
        table.row([
            Cell::from(&mean.what),
            mean.steps.to_string().into(),
            format!("{:.4}", mean.nats).into(),
            format!("{:.3}", mean.perplexity()).into(),
        ]);
    }
    table
}

fn interval_row((what, found): &(&'static str, Difference)) -> IntervalRow {
    let (low, high) = found.wider();
    IntervalRow {
        label: (*what).to_owned(),
        effect: found.mean * MILLI,
        interval: Some((low * MILLI, high * MILLI)),
        detectable: None,
    }
}

const MILLI: f64 = 1_000.0;

fn signed(nats: f64) -> String {
    format!("{:+.1}", nats * MILLI + 0.0)
}

fn brackets((low, high): (f64, f64)) -> String {
    format!("[{}, {}]", signed(low), signed(high))
}

fn share(part: u64, whole: u64) -> String {
    let tenths = (part * 1_000 + whole / 2).checked_div(whole).unwrap_or_default();
    format!("{part} of {whole} ({}.{} %)", tenths / 10, tenths % 10)
}
